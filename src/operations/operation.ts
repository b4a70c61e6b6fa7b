import type { z } from "zod";
import { AttemptTrace, recordingRefusals } from "../access/attempt-trace";
import { Authorized } from "../access/authorized";
import type { Permission } from "../access/permissions";
import { refuseStaleVersion } from "../access/refuse-stale-version";
import type { Subject } from "../access/resource";
import { StaleVersion } from "../access/stale-version";
import type { Fields } from "../platform/errors/reason";
import type { RefusalReason } from "../platform/errors/reasons";
import { Refusal } from "../platform/errors/refusal";
import { authenticate } from "./authenticate";
import type { Call } from "./call";
import { statedVersions, type WithVersion, withVersion } from "./expected-versions";
import { fieldsOf } from "./fields-of";
import { originOf, requireOwnPage } from "./own-page";
import { isSameOrigin } from "./request-origin";
import { requireDeclared } from "./require-declared";
import { requireNothingElse } from "./require-nothing-else";

/** How an operation is called over REST. */
export interface Rest {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below `/api/v1`: `/applications/{applicationId}/credentials`. Each `{field}` is a field of the input. */
  readonly path: `/${string}`;
  /** A further path of the same method, for inputs that do not name the object of `path`. */
  readonly also?: `/${string}`;
  /** 200 unless it says otherwise; 201 answers with `Location`, 204 without a body. */
  readonly status?: 200 | 201 | 204;
}

/** The declaration of an operation, independent of its input and output types. Transports work on it. */
export interface AnyOperation {
  /** `security.create`: its path in the tRPC router, and its action in the audit log. */
  readonly name: string;
  /** One line for the API reference. */
  readonly summary: string;
  readonly type: "query" | "mutation";
  readonly access: Access;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Reasons of refusals in addition to those that every operation can have (`commonReasons`). */
  readonly errors: readonly RefusalReason[];
  readonly rest: Rest;
  /** Whether the response waits for an event. Such calls have separate limits. */
  readonly waits: boolean;
  /** Whether it takes the version that its object has to have: `ifVersion`, or `If-Match` over REST. */
  readonly takesVersion: boolean;
  /**
   * Runs one call. The order of the checks is: who the caller is (401), whether the object is in their organization
   * (404), whether they are allowed (403), and only then the rest of the input (400).
   * @param read the input as received; rejects if it cannot be read
   * @throws Refusal
   */
  run(call: Call, read: () => Promise<unknown>): Promise<unknown>;
}

/** Who may call an operation. */
export type Access =
  | { readonly kind: "permission"; readonly permission: Permission; readonly subject: Subject<unknown, string> }
  /**
   * Visitors who are not signed in, from a page of the control plane's own origin. The handler limits them by address.
   */
  | { readonly kind: "visitor" }
  /** Everyone, from anywhere. The operation only reads, and returns the same to everyone. */
  | { readonly kind: "everyone" };

/** One use case. All transports, the API reference and the clients are derived from such values. */
export interface Operation<Type extends "query" | "mutation", In, Out> extends AnyOperation {
  readonly type: Type;
  /** For types only; no value has it. */
  readonly types?: { readonly input: In; readonly output: Out };
}

type TypeOf<R extends Rest, T> = T extends "query" | "mutation" ? T : R["method"] extends "GET" ? "query" : "mutation";

/**
 * The input of an operation. Every `update` and every `delete` of an object with a version also takes the version that
 * the caller last saw.
 */
type InputOf<N extends string, Located, In> = N extends `${string}.${"update" | "delete"}`
  ? [Located] extends [{ readonly version: number }]
    ? In & WithVersion
    : In
  : In;

const changesOneObject = /\.(?:update|delete)$/;

interface Declaration<I extends z.ZodType, O extends z.ZodType, R extends Rest, T, N extends string = string> {
  readonly name: N;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly errors: readonly RefusalReason[];
  readonly rest: R;
  /** Set if the method does not say it: a POST that only reads. */
  readonly type?: T;
  readonly waits?: boolean;
}

/** A visitor who is not signed in, at an origin of the control plane. */
export interface Visitor extends Pick<Call, "runtime" | "requestId" | "ip" | "sessionHash"> {
  /** Whether the request was sent to a loopback address of the host. */
  readonly local: boolean;
  readonly origin: string;
}

/** What a handler may use of the call besides its authorization and its input. */
export type HandlerCall = Pick<Call, "runtime" | "signal" | "slot" | "keepSession"> & {
  /** The origin of the control plane that the request was sent to. */
  readonly origin: string;
};

/**
 * Declares an operation that needs a permission at the object that it is about.
 * @param handler receives the proof of the authorization, which only this function can create
 */
export function operation<
  P extends Permission,
  Located,
  I extends z.ZodType,
  O extends z.ZodType,
  F extends Extract<keyof NonNullable<z.input<I>>, string>,
  const R extends Rest,
  const N extends string,
  const T = undefined,
>(
  declaration: Declaration<I, O, R, T, N> & {
    readonly permission: P;
    /** Its fields are fields of the input. */
    readonly on: Subject<Located, F>;
  },
  handler: (authorized: Authorized<P, Located>, input: z.output<I>, call: HandlerCall) => Promise<z.input<O>>,
): Operation<TypeOf<R, T>, InputOf<N, Located, z.input<I>>, z.output<O>> {
  const { permission, on, name } = declaration;
  const type = typeOf<R, T>(declaration);
  const takesVersion = on.isVersioned && changesOneObject.test(name);
  const errors = takesVersion ? [...declaration.errors, "stale_version" as const] : declaration.errors;
  return {
    ...described(declaration),
    type,
    takesVersion,
    errors,
    input: takesVersion ? withVersion(declaration.input) : declaration.input,
    access: { kind: "permission", permission, subject: on },
    async run(call, read) {
      const request = await authenticate(call, name);
      const isAttempt = (error: unknown) => isRecorded(error, type);
      return recordingRefusals(request.trace, isAttempt, async () => {
        if (request.presents.kind === "session" && type === "mutation") {
          await requireOwnPage(call, request, request.presents.hash);
        }
        const raw = await read().catch(async (unreadable: unknown) => {
          await Authorized.identify(request);
          throw unreadable;
        });
        const named = on.locate(raw);
        if (!named) {
          await Authorized.identify(request);
          throw new InvalidInput(Object.fromEntries(on.fields.map((field) => [field, "invalid_type"])));
        }
        const stated = takesVersion ? statedVersions(raw, call.ifMatch) : { versions: null, input: raw, problem: null };
        const expecting = { ...request, expectedVersions: stated.versions };
        const authorized = await Authorized.demand(expecting, permission, named);
        if (stated.problem !== null) throw new InvalidInput(stated.problem);
        if (!takesVersion) requireNoPrecondition(call, type);
        try {
          const input = parsed(declaration.input, stated.input);
          authorized.requireVersion();
          return outputOf(declaration, await handler(authorized, input, handlerCall(call)), call);
        } catch (error) {
          const refused = error instanceof StaleVersion ? await refuseStaleVersion(authorized, error) : error;
          requireDeclared(call.runtime, name, errors, refused);
          throw refused;
        }
      });
    },
  };
}

/**
 * A change that cannot be made to depend on a version is refused if the request demands that, because the caller relies
 * on it.
 */
function requireNoPrecondition({ ifMatch }: Call, type: "query" | "mutation"): void {
  if (type === "query" || ifMatch === null || ifMatch.trim() === "*") return;
  throw new InvalidInput({ "if-match": "not_supported" });
}

/** Whether the audit log has to record a refusal. An invalid input of a query is not an attempt at a change. */
function isRecorded(error: unknown, type: "query" | "mutation"): error is Refusal {
  if (!(error instanceof Refusal) || error.kind === "unavailable") return false;
  return type === "mutation" || !(error instanceof InvalidInput);
}

/**
 * Declares an operation for visitors who are not signed in. There is no authorization, so the handler limits them by
 * address.
 */
export function visitorOperation<I extends z.ZodType, O extends z.ZodType, const R extends Rest, const T = undefined>(
  declaration: Declaration<I, O, R, T>,
  handler: (visitor: Visitor, input: z.output<I>) => Promise<z.input<O>>,
): Operation<TypeOf<R, T>, z.input<I>, z.output<O>> {
  return {
    ...described(declaration),
    type: typeOf<R, T>(declaration),
    access: { kind: "visitor" },
    run: (call, read) =>
      recordingStrangers(call, declaration, async () => {
        const { arrival, wrongHost, from, runtime, requestId, ip, sessionHash } = call;
        if (wrongHost !== null) throw new Refusal("unknown_origin", wrongHost);
        if (arrival.kind === "unknown" || !isSameOrigin(from, arrival.origin)) {
          throw new Refusal("foreign_origin", { origin: originOf(call) });
        }
        const local = arrival.kind === "local";
        const visitor = { runtime, requestId, ip, local, origin: arrival.origin, sessionHash };
        return outputOf(declaration, await handler(visitor, parsed(declaration.input, await read())), call);
      }),
  };
}

/** Declares an operation that only reads and returns the same to everyone, from anywhere. */
export function openOperation<I extends z.ZodType, O extends z.ZodType, const R extends Rest, const T = undefined>(
  declaration: Declaration<I, O, R, T>,
  handler: (runtime: Call["runtime"], input: z.output<I>) => Promise<z.input<O>>,
): Operation<TypeOf<R, T>, z.input<I>, z.output<O>> {
  return {
    ...described(declaration),
    type: typeOf<R, T>(declaration),
    access: { kind: "everyone" },
    run: (call, read) =>
      recordingStrangers(call, declaration, async () =>
        outputOf(declaration, await handler(call.runtime, parsed(declaration.input, await read())), call),
      ),
  };
}

function recordingStrangers(
  call: Call,
  { name, errors }: Pick<AnyOperation, "name" | "errors">,
  body: () => Promise<unknown>,
): Promise<unknown> {
  const trace = new AttemptTrace({ ...call, action: name });
  const isAttempt = (error: unknown) => isRecorded(error, "query");
  return recordingRefusals(trace, isAttempt, async () => {
    try {
      return await body();
    } catch (error) {
      requireDeclared(call.runtime, name, errors, error);
      throw error;
    }
  });
}

function described<I extends z.ZodType, O extends z.ZodType>({
  name,
  summary,
  input,
  output,
  errors,
  rest,
  waits = false,
}: Declaration<I, O, Rest, unknown>) {
  return { name, summary, input, output, errors, rest, waits, takesVersion: false };
}

function typeOf<R extends Rest, T>({ type, rest }: { readonly type?: T; readonly rest: R }): TypeOf<R, T> {
  return (type ?? (rest.method === "GET" ? "query" : "mutation")) as TypeOf<R, T>;
}

/** An input that does not match its schema. */
class InvalidInput extends Refusal<"invalid_input"> {
  constructor(fields: Fields) {
    super("invalid_input", { fields });
  }
}

/** @throws InvalidInput with a stable code for each field that is wrong */
function parsed<I extends z.ZodType>(schema: I, raw: unknown): z.output<I> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw new InvalidInput(fieldsOf(result.error));
}

/** Limits the output to its schema: a column that a handler returns by mistake does not leave the process. */
function outputOf<O extends z.ZodType>(
  { name, output }: { readonly name: string; readonly output: O },
  value: unknown,
  { runtime }: Call,
) {
  const result = output.parse(value);
  if (runtime.isStrict) requireNothingElse(name, value, result);
  return result;
}

function handlerCall(call: Call): HandlerCall {
  const { runtime, signal, slot, keepSession } = call;
  return { runtime, signal, slot, origin: originOf(call), keepSession };
}

/** Every path at which an operation is called over REST, its main one first. */
export function pathsOf({ path, also }: Rest): readonly string[] {
  return also === undefined ? [path] : [path, also];
}
