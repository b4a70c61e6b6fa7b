import type { Runtime } from "../../access/runtime";
import { features } from "../../features/all";
import type { SocketPeer } from "../../platform/contract/api-handler";
import type { ActiveRequests } from "../active-requests";
import { callerOf, callOf, recognize, unknownAddress } from "../caller";
import { describeError } from "../describe-error";
import { errorResponse, reasonedError } from "../errors";
import { readableRequest } from "../readable-request";
import { type CallOperation, restOf } from "./rest";
import { restBase } from "./rest-base";

const rest = restOf(features);

/** The dependencies of the REST API. */
interface Parts {
  readonly runtime: Runtime;
  readonly requests: ActiveRequests;
}

/** Answers a request below `/api/v1` with the operation that it names. Refusals are `{"error": {code, reason, …}}`. */
export async function answerRest(
  { runtime, requests }: Parts,
  request: Request,
  peer: SocketPeer,
  requestId: string,
): Promise<Response> {
  const caller = await callerOf(runtime, request, peer, requestId);
  const responseHeaders = new Headers();
  const call: CallOperation = async (operation, read, respond) => {
    const readable = await readableRequest(request, () => recognize(caller, requests, operation.name));
    const enter = operation.waits ? "enterToWait" : "enter";
    const slot = await requests[enter](caller.ip ?? unknownAddress, caller.credential);
    try {
      return respond(await operation.run(callOf(caller, slot, responseHeaders, request.signal), () => read(readable)));
    } finally {
      slot.release();
    }
  };
  const response = await rest(request, call).catch((error: unknown) => refused(runtime, error, requestId));
  if (response.status === 401 && caller.credential !== null) requests.forget(caller.credential);
  for (const line of responseHeaders.getSetCookie()) response.headers.append("set-cookie", line);
  responseHeaders.forEach((value, name) => {
    if (name !== "set-cookie") response.headers.set(name, value);
  });
  return response;
}

function refused(runtime: Runtime, error: unknown, requestId: string): Response {
  const refusal = reasonedError(error);
  if (refusal.reason === "internal")
    runtime.log.error({ requestId, error: describeError(error) }, "an operation failed");
  return errorResponse(refusal, requestId, restBase);
}
