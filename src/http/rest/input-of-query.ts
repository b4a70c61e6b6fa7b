import type { z } from "zod";
import { Refusal } from "#src/platform/errors/refusal";

/** The part of a field's JSON schema that is needed to convert text to a value. */
interface FieldSchema {
  readonly type?: string;
  readonly anyOf?: readonly FieldSchema[];
  readonly items?: FieldSchema;
}

const schemas = new WeakMap<z.ZodType, Readonly<Record<string, FieldSchema>>>();

/** Returns the JSON schema of each field of an input. */
function fieldsOf(input: z.ZodType): Readonly<Record<string, FieldSchema>> {
  const known = schemas.get(input);
  if (known) return known;
  const { properties } = input.toJSONSchema({ io: "input" }) as { properties?: Record<string, FieldSchema> };
  const fields = properties ?? {};
  schemas.set(input, fields);
  return fields;
}

/**
 * Converts the parameters of a query to the types of the schema: `limit=2` is a number, `expired=true` a boolean, and
 * `algorithm=a&algorithm=b` a list. Text that cannot be converted stays text, and the schema refuses it.
 * @throws Refusal a field that is not a list appears twice
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

/** Shows an unknown name from a caller only if it is short and contains word characters alone. */
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
