import type { z } from "zod";

/**
 * A kind of object that operations are about, as one value. Its SQL function `portcullis_locate_<kind>`
 * (`drizzle/functions/locate-<kind>.sql`) finds and locks an object inside the caller's organization.
 */
export interface Resource<T, Field extends string = string> extends Subject<T, Field> {
  /** Its name in the audit log: `serviceAccount`. */
  readonly kind: string;
  /** The last part of the name of its locating function: `service_account`. */
  readonly locator: string;
  /** The field of inputs, and of the object, that holds the id. */
  readonly field: Field;
  /** The kind that it belongs to; null for objects that belong to the installation or to a person. */
  readonly parent: Resource<unknown> | null;
  /** Validates what the locating function returned. @throws ZodError */
  read(json: unknown): T;
  idOf(object: T): string;
  /** The object's display name, for the audit log; null if it has no name. */
  nameOf(object: T): string | null;
  /** The version of what an update can change; null for a kind without versions. */
  versionOf(object: T): number | null;
}

/**
 * What an operation is about. It is found in the input before the input is validated, so that 401 and 404 come before
 * 400.
 */
export interface Subject<T, Field extends string = never> {
  /** The fields of the input that may name it. */
  readonly fields: readonly Field[];
  /** Whether each object that it locates has a version. */
  readonly isVersioned: boolean;
  /** @returns the object that the input names; null if it names none */
  locate(raw: unknown): Named<T> | null;
}

/** An object as a request names it. */
export interface Named<T> {
  readonly resource: Resource<T>;
  /** `null`: the caller's own organization. */
  readonly id: string | null;
}

/**
 * No id has other characters, and a database may refuse them. Such text therefore names nothing, like an id that does
 * not exist.
 */
const harmless = /^[\w-]{1,100}$/;
const nowhere = "";

/** @returns null if the field is missing, undefined if it is not text */
export function idIn(raw: unknown, field: string): string | null | undefined {
  if (raw === undefined || raw === null) return null;
  if (typeof raw !== "object") return undefined;
  const value: unknown = Reflect.get(raw, field);
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return undefined;
  return harmless.test(value) ? value : nowhere;
}

/**
 * Declares a kind of object that operations are about.
 * @param declaration.object what its locating function returns; its field `field` holds the id
 * @param declaration.version the field that a trigger writes (`drizzle/functions/next-version.sql`), for kinds with an
 * update
 */
export function resource<const Field extends string, T extends Readonly<Record<Field, string>>>(declaration: {
  readonly kind: string;
  readonly field: Field;
  readonly parent: Resource<unknown> | null;
  readonly object: z.ZodType<T>;
  readonly name: (object: T) => string | null;
  readonly version?: (object: T) => number;
}): Resource<T, Field> {
  const { kind, field, parent, object, name, version } = declaration;
  const value: Resource<T, Field> = {
    kind,
    field,
    parent,
    locator: kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    fields: [field],
    isVersioned: version !== undefined,
    locate(raw) {
      const id = idIn(raw, field);
      return typeof id === "string" ? { resource: value, id } : null;
    },
    read: (json) => object.parse(json),
    idOf: (located) => located[field],
    nameOf: (located) => name(located) || null,
    versionOf: (located) => version?.(located) ?? null,
  };
  return value;
}
