import type { AnyOperation } from "#src/operations/operation";
import type { Rule } from "../environment";
import { activeRequest } from "./active-request";
import { readableBody } from "./readable-body";
import { responseHeaders } from "./response-headers";
import { statedCaller } from "./stated-caller";

/**
 * The rules of a call over tRPC and REST, in this order.
 * @param operation null if the request names none
 */
export function callRules(operation: AnyOperation | null): readonly Rule[] {
  return [statedCaller, responseHeaders, readableBody(operation?.name ?? null), activeRequest(operation?.waits)];
}
