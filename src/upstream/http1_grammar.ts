/**
 * The characters of HTTP/1.1 heads as a table, asked byte by byte, and the error for bytes that are
 * no reply. Knows no line and no field.
 */

const TOKEN = 1;
const TEXT = 2;

/** What has been received is no reply as HTTP/1.1 has it. Says what is wrong, never what was sent. */
export class MalformedReply extends Error {
  override readonly name = "MalformedReply";
}

/** Whether `byte` may stand in a field's name. */
export function isTokenByte(byte: number | undefined): boolean {
  return ((CLASSES[byte ?? 0] ?? 0) & TOKEN) !== 0;
}

/** Whether `byte` may stand in a field's value: no control character but the tab. */
export function isTextByte(byte: number | undefined): boolean {
  return ((CLASSES[byte ?? 0] ?? 0) & TEXT) !== 0;
}

/** Whether every byte from `from` to `to` may stand in a field's value. */
export function isFieldText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isTextByte(bytes[at])) return false;
  return true;
}

const CLASSES = classes();

function classes(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const isText = byte === 9 || (byte >= 32 && byte !== 127);
    const isToken = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte));
    table[byte] = (isText ? TEXT : 0) | (isToken ? TOKEN : 0);
  }
  return table;
}
