/**
 * The source files of this project and what the tests of the house ask of each: its text, its
 * imports, its exports and its opening paragraph, as the linter's parser reads them. Knows no rule.
 */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** One `.ts` file. */
export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** One import or re-export of another module. */
export interface Import {
  /** As written: `./json.ts`, `zod`, `node:net`. Null for a dynamic import that is no literal. */
  readonly specifier: string | null;
  /** Whether nothing of it is there at run time. */
  readonly typeOnly: boolean;
}

/** One exported declaration. */
export interface Export {
  readonly name: string;
  readonly documented: boolean;
}

/** What a file says about itself. */
export interface Outline {
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** Whether the file begins with a comment of its own, not with that of its first declaration. */
  readonly opens: boolean;
}

/** All source files under `folders`, sorted; `testdata` folders are left out. */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  const paths = folders.flatMap((folder) => pathsUnder(folder)).toSorted();
  return paths.map((path) => ({ path, text: Deno.readTextFileSync(ROOT + path) }));
}

/** The outline of `file`. Throws `SyntaxError` where it does not parse. */
export function outlineOf(file: SourceFile): Outline {
  const imports: Import[] = [];
  const exports: Export[] = [];
  let opens = false;
  const add = (specifier: string | null, kind: "type" | "value") =>
    imports.push({ specifier, typeOnly: kind === "type" });
  const reader: Deno.lint.Rule = {
    create: ({ sourceCode }) => ({
      Program(program) {
        opens = opensWithItsOwnComment(program, sourceCode);
        exports.push(...exportsOf(program, sourceCode));
      },
      ImportDeclaration: (node) => void add(node.source.value, node.importKind),
      ExportAllDeclaration: (node) => void add(node.source.value, node.exportKind),
      ExportNamedDeclaration(node) {
        if (node.source !== null) add(node.source.value, node.exportKind);
      },
      ImportExpression: (node) => void add(literal(node.source), "value"),
      TSImportType: (node) => void add(literal(node.argument), "type"),
    }),
  };
  Deno.lint.runPlugin({ name: "outline", rules: { reader } }, file.path, file.text);
  return { imports, exports, opens };
}

function pathsUnder(folder: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(ROOT + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && entry.name !== "testdata") found.push(...pathsUnder(path));
    else if (entry.isFile && entry.name.endsWith(".ts")) found.push(path);
  }
  return found;
}

function literal(node: Deno.lint.Node): string | null {
  if (node.type === "TSLiteralType") return literal(node.literal);
  return node.type === "Literal" && typeof node.value === "string" ? node.value : null;
}

function opensWithItsOwnComment(
  program: Deno.lint.Program,
  sourceCode: Deno.lint.SourceCode,
): boolean {
  const [first] = sourceCode.getAllComments();
  if (first === undefined || !isDocumentation(first) || first.range[0] !== 0) return false;
  const [statement] = program.body;
  if (statement === undefined || !statement.type.startsWith("Export")) return true;
  return documentationOf(statement, sourceCode)?.range[0] !== 0;
}

function exportsOf(program: Deno.lint.Program, sourceCode: Deno.lint.SourceCode): Export[] {
  const imported = new Set<string>();
  const found: Export[] = [];
  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration") {
      for (const { local } of statement.specifiers) imported.add(local.name);
    } else if (statement.type === "ExportDefaultDeclaration") {
      found.push({ name: "default", documented: documentationOf(statement, sourceCode) !== null });
    } else if (statement.type === "ExportNamedDeclaration" && statement.source === null) {
      const documented = documentationOf(statement, sourceCode) !== null;
      // An export list names what is declared elsewhere: what it imports is documented there, and
      // what this file declares is to be exported where it is declared.
      const names = statement.declaration === null
        ? statement.specifiers.map(({ local }) => nameOf(local)).filter((name) =>
          !imported.has(name)
        )
        : declaredNames(statement.declaration);
      for (const name of names) {
        // The signatures of an overloaded function share the first one's comment.
        if (!found.some((one) => one.name === name)) found.push({ name, documented });
      }
    }
  }
  return found;
}

function declaredNames(declaration: Deno.lint.Node): string[] {
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.map(({ id }) => nameOf(id));
  }
  return "id" in declaration && declaration.id !== null ? [nameOf(declaration.id)] : [];
}

function nameOf(node: Deno.lint.Node): string {
  return node.type === "Identifier" ? node.name : "?";
}

/** The comment that directly precedes `node`. */
function documentationOf(
  node: Deno.lint.Node,
  sourceCode: Deno.lint.SourceCode,
): Deno.lint.BlockComment | null {
  for (const comment of sourceCode.getAllComments()) {
    if (!isDocumentation(comment) || comment.range[1] > node.range[0]) continue;
    if (sourceCode.text.slice(comment.range[1], node.range[0]).trim() === "") return comment;
  }
  return null;
}

function isDocumentation(
  comment: Deno.lint.LineComment | Deno.lint.BlockComment,
): comment is Deno.lint.BlockComment {
  return comment.type === "Block" && comment.value.startsWith("*");
}
