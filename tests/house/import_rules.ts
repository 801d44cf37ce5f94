/**
 * Judges single imports by the table of the rooms. Reads no file and knows no other rule; whether a
 * package has more than one importing file is for who sees all files.
 */
import { type Package, PACKAGES, type Room, roomOf } from "./rooms.ts";
import type { Import } from "./source_file.ts";

/**
 * Why the file at `path` may not have `one`, as a sentence that names file, import and rule.
 *
 * @returns Null where it may
 */
export function importViolation(path: string, one: Import): string | null {
  const room = roomOf(path);
  const says = (rule: string) => `${path} imports ${one.specifier ?? "what is computed"}: ${rule}`;
  if (room === null) return says("the file is in no room of tests/house/rooms.ts");
  const { specifier } = one;
  // A computed import is how user modules are loaded, by that one room.
  if (specifier === null) {
    return room.loads ? null : says(`${room.files} names what it imports`);
  }
  if (specifier.startsWith("node:")) return null; // The lint rule io-in-its-rooms judges these.
  if (specifier.startsWith(".")) {
    const target = resolve(path, specifier);
    return mayReach(room, target, one.typeOnly) ? null : says(ruleOf(room));
  }
  const name = packageName(specifier);
  const known = PACKAGES.find((candidate) => candidate.name === name);
  if (known === undefined) return says("the package is not in the table of packages");
  return mayUse(known, path, one.typeOnly) ? null : says(packageRule(known));
}

/** The package that `specifier` names: `hono` of `hono/cors`. */
export function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function mayReach(room: Room, target: string, typeOnly: boolean): boolean {
  if (room.never.some((start) => target.startsWith(start))) return false;
  if (roomOf(target) === room) return true;
  const starts = typeOnly ? [...room.imports, ...room.types] : room.imports;
  return starts.some((start) => target.startsWith(start));
}

function mayUse(known: Package, path: string, typeOnly: boolean): boolean {
  const starts = typeOnly ? [...known.files, ...known.types] : known.files;
  return starts.some((start) => path.startsWith(start));
}

function ruleOf({ files, imports, types, never }: Room): string {
  const may = ["its own files", ...imports, ...types.map((start) => `types of ${start}`)];
  const not = never.length > 0 ? `, never ${never.join(", ")}` : "";
  return `${files} may import ${may.join(", ")}${not}`;
}

function packageRule({ name, files, types }: Package): string {
  const more = types.length > 0 ? `, its types in ${types.join(", ")}` : "";
  return `${name} is used in ${files.join(", ")} only${more}`;
}

function resolve(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}
