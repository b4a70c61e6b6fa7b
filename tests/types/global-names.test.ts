import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseSync, type Statement } from "oxc-parser";
import { beforeAll, expect, test } from "vitest";
import { projectFolder } from "../support/test-database";

/** The folder with the declarations of the compiler for this machine, which contains `lib.dom.d.ts`. */
const libraries = () => {
  const compiler = createRequire(join(projectFolder, "package.json")).resolve("typescript/package.json");
  const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
  return join(dirname(createRequire(compiler).resolve(platform)), "lib");
};

let globalNames: ReadonlySet<string>;
beforeAll(() => {
  const folder = libraries();
  const files = readdirSync(folder).filter((name) => /^lib\.(?:dom|es\d+|esnext)[.\w]*\.d\.ts$/.test(name));
  globalNames = new Set([
    ...Object.getOwnPropertyNames(globalThis),
    ...files.flatMap((name) => declaredTypes(readFileSync(join(folder, name), "utf8"))),
  ]);
});

/** The names of types, classes and objects that the top level of a source declares. */
function declaredTypes(text: string, { exportedOnly = false } = {}): string[] {
  return parseSync("source.tsx", text, { lang: "tsx" }).program.body.flatMap((statement) => {
    const isExport = statement.type === "ExportNamedDeclaration";
    if (exportedOnly && !isExport) return [];
    const declared = isExport ? statement.declaration : statement;
    return declared === null ? [] : namesOf(declared as Statement).filter((name) => /^[A-Z]/.test(name));
  });
}

function namesOf(declared: Statement): string[] {
  switch (declared.type) {
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
    case "ClassDeclaration":
      return declared.id === null ? [] : [declared.id.name];
    case "VariableDeclaration":
      return declared.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
    default:
      return [];
  }
}

const shadowing = (text: string) => declaredTypes(text, { exportedOnly: true }).filter((name) => globalNames.has(name));

test.each(["Request", "Response", "Headers", "Event", "Node", "Error", "Promise", "Buffer"])(
  "an exported type with the platform's name %s is found",
  (name) => {
    expect(shadowing(`export interface ${name} {}\nexport const other = 1;`)).toEqual([name]);
  },
);

test("a type that is not exported, and a name of this project, are allowed", () => {
  expect(shadowing("interface Request {}\nexport interface RequestContext {}")).toEqual([]);
});

test("no exported type has a name of the platform", () => {
  const files = ["src", "drizzle"].flatMap((folder) =>
    readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => join(folder, path)),
  );
  expect(files.length).toBeGreaterThan(500);
  const found = files.flatMap((path) =>
    shadowing(readFileSync(join(projectFolder, path), "utf8")).map((name) => `${path}: ${name}`),
  );
  expect(found).toEqual([]);
});
