import { expect, test } from "vitest";
import { z } from "zod";
import { features } from "#src/features/all";
import { operationsOf } from "#src/operations/operations-of";
import { showsSecret } from "#src/operations/shows-secret";
import { Secret } from "#src/platform/contract/fields";

const operations = operationsOf(features).map(({ operation }) => operation);

test("these operations show a secret, and no other one does", () => {
  expect(
    operations
      .filter(showsSecret)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([
    "applications.create",
    "auth.passkeys.enrol",
    "auth.password.change",
    "auth.recoveryCodes.renew",
    "auth.session",
    "auth.totp.confirm",
    "auth.totp.enrol",
    "invitations.create",
    "invitations.resend",
    "keys.create",
    "keys.rotate",
    "organizations.create",
    "security.create",
    "security.createMany",
  ]);
});

test("a secret is found in a list, and in an optional or absent field", () => {
  for (const output of [
    z.object({ items: z.array(z.object({ key: Secret })) }),
    z.object({ key: Secret.optional() }),
    z.object({ key: Secret.nullable() }),
    z.object({ one: z.union([z.object({ name: z.string() }), z.object({ key: Secret })]) }),
  ]) {
    expect(showsSecret({ output })).toBe(true);
  }
  expect(showsSecret({ output: z.object({ key: z.string() }) })).toBe(false);
});

test("a text field whose name sounds like a secret is declared as one", () => {
  const suspects = operations.flatMap(({ name, output }) =>
    fieldsOf(z.toJSONSchema(output, { io: "output", reused: "inline" }))
      .filter(
        ({ field, schema }) =>
          /(?:secret|password|token|codes|^key|csrf|setupUrl)(?!.*At$)/i.test(field) && isText(schema),
      )
      .filter(({ schema }) => !JSON.stringify(schema).includes('"x-secret":true'))
      .map(({ field }) => `${name}: ${field}`),
  );
  expect(suspects).toEqual([]);
});

interface Field {
  readonly field: string;
  readonly schema: unknown;
}

function fieldsOf(schema: unknown): Field[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own =
    "properties" in schema && typeof schema.properties === "object" ? Object.entries(schema.properties ?? {}) : [];
  return [
    ...own.map(([field, ofField]) => ({ field, schema: ofField as unknown })),
    ...Object.values(schema).flatMap(fieldsOf),
  ];
}

const isText = (schema: unknown): boolean => {
  const { enum: words, format, ...rest } = schema as { enum?: unknown; format?: unknown };
  return words === undefined && format === undefined && JSON.stringify(rest).includes('"string"');
};
