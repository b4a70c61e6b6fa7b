import type { AnyOperation } from "../../operations/operation";
import type { Rule } from "../environment";
import { activeRequest } from "./active-request";
import { answerHeaders } from "./answer-headers";
import { readableBody } from "./readable-body";
import { statedCaller } from "./stated-caller";

/**
 * The rules of a call over tRPC and REST, in this order.
 * @param operation null if the request names none
 */
export function callRules(operation: AnyOperation | null): readonly Rule[] {
  return [statedCaller, answerHeaders, readableBody(operation?.name ?? null), activeRequest(operation?.waits)];
}
