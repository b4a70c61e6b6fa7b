import { type AnyDefinition, type Details, type Fields, statuses } from "./reason";
import { type ParamsOf, type Reason, type RefusalReason, reasons } from "./reasons";

/** The arguments that a reason requires: exactly the parameters of its sentence. */
export type Given<R extends Reason> = R extends unknown
  ? ParamsOf<R> extends undefined
    ? []
    : [params: ParamsOf<R>]
  : never;

/** An error whose reason is in the catalogue. */
export abstract class ReasonedError<R extends Reason = Reason> extends Error {
  readonly kind: (typeof reasons)[R]["kind"];
  /** The HTTP status. */
  readonly status: number;
  /** The affected inputs, by path, with a stable word each. */
  readonly fields?: Fields;
  /** The parameters of the sentence, if the response contains them as values. */
  readonly details?: Details;
  /** The number of seconds before a retry makes sense, for `Retry-After`; null if it is unknown. */
  readonly retryAfter: number | null;
  /** Which rate limit was reached: `sign-in:ip`. */
  readonly limit: string | null;

  constructor(
    readonly reason: R,
    ...given: Given<R>
  ) {
    const definition: AnyDefinition = reasons[reason];
    const [params] = given as readonly [params?: object];
    super(definition.sentence(params as never));
    this.name = new.target.name;
    this.kind = reasons[reason].kind;
    this.status = statuses[definition.kind];
    const fields = definition.fields(params as never);
    if (fields !== undefined) this.fields = fields;
    const details = definition.details(params as never);
    if (details !== undefined) this.details = details;
    const { retryAfter, limit } = limitIn(params);
    this.retryAfter = retryAfter ?? (definition.kind === "unavailable" ? 1 : null);
    this.limit = limit;
  }
}

/** A refusal by an operation, a sign-in or a host command. `http/errors.ts` maps it to a response. */
export class Refusal<R extends RefusalReason = RefusalReason> extends ReasonedError<R> {}

/** Returns the sentence of a reason without a refusal. */
export function sentenceOf<R extends Reason>(reason: R, ...given: Given<R>): string {
  const definition: AnyDefinition = reasons[reason];
  const [params] = given as readonly [params?: object];
  return definition.sentence(params as never);
}

/** The parameters that a refusal carries besides its sentence. */
function limitIn(params: object | undefined): { readonly retryAfter: number | null; readonly limit: string | null } {
  const { retryAfter, limit }: { readonly retryAfter?: unknown; readonly limit?: unknown } = params ?? {};
  return {
    retryAfter: typeof retryAfter === "number" ? retryAfter : null,
    limit: typeof limit === "string" ? limit : null,
  };
}
