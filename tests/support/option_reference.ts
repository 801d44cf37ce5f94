/**
 * The reference of the configuration as a page: a table for each mapping, out of the JSON Schema that
 * editors read. Knows no option by name.
 */
import type { JsonSchema } from "../../src/config/json_schema.ts";

/** The page for `schema`. */
export function optionReference(schema: JsonSchema): string {
  const tables = mappings(schema, "").map(({ path, mapping }) => {
    const rows = Object.entries(mapping.properties ?? {}).map(([name, option]) =>
      row(path, name, option, mapping.required?.includes(name) === true)
    );
    const title = path === "" ? "" : `## \`${path}\`\n\n${meaning(mapping)}\n\n`;
    return `${title}| option | meaning | takes | default |\n|---|---|---|---|\n${rows.join("")}`;
  });
  return `# Configuration

Every option, as \`mcpgate schema\` has it. [config.example.yaml](../config.example.yaml) is a file with all of them. In an
editor, hovering shows what stands here: see the first lines of that file.

Durations are \`500ms\`, \`30s\`, \`1m30s\`; sizes \`512B\`, \`64KiB\`, \`4MiB\`. Paths are seen from the folder of the configuration.
\`\${NAME}\` (the environment), \`file:/path\` and \`$$\` (a dollar sign) are read where the table says so, and nowhere else.
A mistake is told with its line and a suggestion, all of them at once; \`mcpgate validate\` does so without serving.

${tables.join("\n")}`;
}

interface Mapping {
  readonly path: string;
  readonly mapping: JsonSchema;
}

/** `schema` and all mappings within it, from top to bottom. */
function mappings(schema: JsonSchema, path: string): Mapping[] {
  if (schema.items !== undefined) return mappings(schema.items, `${path}[]`);
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((one) => mappings(one, path));
  if (schema.properties === undefined) return [];
  const within = Object.entries(schema.properties).flatMap(([name, option]) =>
    mappings(option, path === "" ? name : `${path}.${name}`)
  );
  return [{ path, mapping: schema }, ...within];
}

function row(path: string, name: string, option: JsonSchema, required: boolean): string {
  const at = path === "" ? name : `${path}.${name}`;
  const [below] = mappings(option, at);
  const shown = below === undefined ? `\`${name}\`` : `[\`${name}\`](#${anchor(below.path)})`;
  const cells = [shown, meaning(option), taken(option), required ? "required" : byDefault(option)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}

/** The anchor that GitHub gives the heading of a mapping. */
function anchor(path: string): string {
  return path.replaceAll(/[^\w-]/g, "").toLowerCase();
}

function meaning(option: JsonSchema): string {
  const [text = ""] = option.description?.split("\n\n") ?? [];
  return text.replaceAll(/(\$\{\w+\}|"file:[^"]*"|\["\*"\])/g, "`$1`").replaceAll("*.", "\\*.");
}

function taken(option: JsonSchema): string {
  const phrase = option.description?.split("\n\n")[1];
  if (phrase !== undefined) return lowerFirst(escaped(phrase));
  if (option.enum !== undefined) return option.enum.map((word) => `\`${word}\``).join(", ");
  if (option.items !== undefined) return `a list: ${itemTaken(option.items)}`;
  if (option.properties !== undefined || option.additionalProperties !== undefined) {
    return "a mapping";
  }
  if (option.type === "boolean") return "`true`, `false`";
  if (option.maximum === undefined) return "anything";
  const { minimum, exclusiveMinimum, maximum } = option;
  return minimum === undefined
    ? `a number above ${exclusiveMinimum}, at most ${maximum}`
    : `a whole number from ${minimum} to ${maximum}`;
}

function itemTaken(item: JsonSchema): string {
  if (item.anyOf !== undefined) return item.anyOf.map(itemTaken).join(", or ");
  if (item.enum !== undefined) return taken(item);
  return item.properties === undefined ? lowerFirst(escaped(meaning(item))) : "a mapping";
}

function byDefault(option: JsonSchema): string {
  const value = option.default;
  if (value === undefined || value === null) return "";
  const isEmptyMapping = typeof value === "object" && !Array.isArray(value) &&
    option.properties !== undefined;
  return isEmptyMapping ? "" : `\`${JSON.stringify(value)}\``;
}

function escaped(phrase: string): string {
  return phrase.replace(/\.$/, "").replaceAll("*", "\\*");
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;
}
