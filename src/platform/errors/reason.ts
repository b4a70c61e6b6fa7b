/**
 * Every kind of refusal with its HTTP status. Operations, sign-in and host commands use the first group; the transport
 * uses the second group before it knows the purpose of a request.
 */
export const statuses = {
  unauthenticated: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  preconditionFailed: 412,
  preconditionRequired: 428,
  invalid: 400,
  tooMany: 429,
  unavailable: 503,

  malformed: 400,
  unknownPath: 404,
  otherMethod: 405,
  tooSlow: 408,
  tooLarge: 413,
  tooLong: 414,
  otherMediaType: 415,
  expectationFailed: 417,
  internal: 500,
} as const;

export type Kind = keyof typeof statuses;

/** A kind that operations can use. */
export type RefusalKind =
  | "unauthenticated"
  | "forbidden"
  | "notFound"
  | "conflict"
  | "preconditionFailed"
  | "preconditionRequired"
  | "invalid"
  | "tooMany"
  | "unavailable";

/** The affected inputs, by path, with a stable word each. */
export type Fields = Readonly<Record<string, string>>;

/** What a client needs besides the sentence, to continue or to say the same in its own words. */
export type Details = Readonly<Record<string, unknown>>;

/** One reason of the catalogue. `P`: the parameters of its sentence; undefined if it has none. */
export interface Definition<K extends Kind, P> {
  readonly kind: K;
  /** Example parameters for the documentation and for tests. */
  readonly example: P;
  /** The text for people. It never contains a secret, a hash, SQL, or text of another tenant. */
  sentence(params: P): string;
  fields(params: P): Fields | undefined;
  details(params: P): Details | undefined;
}

/** A definition, whatever its parameters are. */
export interface AnyDefinition {
  readonly kind: Kind;
  readonly example: object | undefined;
  sentence(params: never): string;
  fields(params: never): Fields | undefined;
  details(params: never): Details | undefined;
}

/** Defines a reason whose sentence is always the same. */
export function fixed<const K extends Kind>(kind: K, sentence: string, fields?: Fields): Definition<K, undefined> {
  return { kind, example: undefined, sentence: () => sentence, fields: () => fields, details: () => undefined };
}

/**
 * Defines a reason whose sentence names objects and values.
 * @param sentence creates the text from the parameters, whose types it declares
 */
export function worded<const K extends Kind, P extends object>(
  kind: K,
  sentence: (params: P) => string,
  example: NoInfer<P>,
  fields?: Fields | ((params: NoInfer<P>) => Fields),
): Definition<K, P> {
  return {
    kind,
    example,
    sentence,
    fields: (params) => (typeof fields === "function" ? fields(params) : fields),
    details: () => undefined,
  };
}

/** Like `worded`, for a reason whose parameters the response also contains as values: `details`. */
export function detailed<const K extends Kind, P extends Details>(
  kind: K,
  sentence: (params: P) => string,
  example: NoInfer<P>,
): Definition<K, P> {
  return { ...worded(kind, sentence, example), details: (params) => params };
}

/** The sentence of a reason with the values of its example. */
export function exampleOf(definition: AnyDefinition): string {
  return definition.sentence(definition.example as never);
}
