import type { AnyOperation } from "#src/operations/operation";
import { showsSecret } from "#src/operations/shows-secret";
import type { Rule } from "../environment";
import { activeRequest } from "./active-request";
import { compression } from "./compression";
import { readableBody } from "./readable-body";
import { responseHeaders } from "./response-headers";
import { statedCaller } from "./stated-caller";

/**
 * The rules of a call over tRPC and REST, in this order.
 * @param operation null if the request names none
 */
export function callRules(operation: AnyOperation | null): readonly Rule[] {
  const isForbidden = () => operation === null || showsSecret(operation);
  return [
    statedCaller,
    responseHeaders,
    readableBody(operation?.name ?? null),
    activeRequest(operation?.waits),
    compression(isForbidden),
  ];
}
