import type { z } from "zod";
import { Refusal } from "../../platform/errors/refusal";

/** What a JSON schema says of one field, as far as text has to become a value. */
interface FieldSchema {
  readonly type?: string;
  readonly anyOf?: readonly FieldSchema[];
  readonly items?: FieldSchema;
}

const schemas = new WeakMap<z.ZodType, Readonly<Record<string, FieldSchema>>>();

/** The fields of an input, as JSON schema has them. */
function fieldsOf(input: z.ZodType): Readonly<Record<string, FieldSchema>> {
  const known = schemas.get(input);
  if (known) return known;
  const { properties } = input.toJSONSchema({ io: "input" }) as { properties?: Record<string, FieldSchema> };
  const fields = properties ?? {};
  schemas.set(input, fields);
  return fields;
}

/**
 * Values of a query, by the types that the schema says: `limit=2` is a number, `expired=true` a boolean, and a list is
 * `algorithm=a&algorithm=b`. Text that is no such value stays text, which the schema refuses.
 * @throws Refusal a field that is no list, twice
 */
export function inputOfQuery(input: z.ZodType, query: URLSearchParams): Record<string, unknown> {
  const fields = fieldsOf(input);
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const schema = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const texts = query.getAll(name);
      const list = schema && typed(schema, "array");
      if (list) return [name, texts.map((text) => valueByType(list.items, text))];
      if (texts.length > 1) {
        throw new Refusal("invalid_input", { fields: { [harmlessName(name)]: "repeated" } });
      }
      return [name, valueByType(schema, texts[0] ?? "")];
    }),
  );
}

/** A name that a caller made up is shown only when it cannot be more than a name. */
export const harmlessName = (name: string): string => (/^\w{1,40}$/.test(name) ? name : "?");

function typed(schema: FieldSchema, type: string): FieldSchema | undefined {
  return [schema, ...(schema.anyOf ?? [])].find((one) => one.type === type);
}

function valueByType(schema: FieldSchema | undefined, text: string): unknown {
  if (schema === undefined) return text;
  const isNumber = typed(schema, "number") ?? typed(schema, "integer");
  if (isNumber && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  if (typed(schema, "boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}
