import { Hono } from "hono";
import { recordingRefusals } from "../access/attempt-trace";
import { Authorized } from "../access/authorized";
import { reach } from "../access/organization";
import { followEvents, presentEvent } from "../features/events/follow";
import { authenticate } from "../operations/authenticate";
import type { Call } from "../operations/call";
import { originOf } from "../operations/own-page";
import { isSameOrigin } from "../operations/request-origin";
import { Refusal } from "../platform/errors/refusal";
import type { Message, Subscription } from "../platform/events";
import { callOf, isRefusedCaller } from "./caller";
import type { Environment } from "./environment";
import { activeRequest } from "./rules/active-request";
import { responseHeaders } from "./rules/response-headers";
import { statedCallerOfLink } from "./rules/stated-caller";
import { supportedMethods } from "./rules/supported-methods";

/** The path of the stream of events. */
export const eventsPath = "/api/events";

const reachOfCaller = { resource: reach, id: null };

/** After how long a browser connects again when it has lost the connection, in milliseconds. */
const reconnectAfterMs = 2_000;

/**
 * Streams what changes in an organization, as server-sent events: ids and states only. Its cookie is enough, because it
 * only reads and another origin cannot read the response.
 */
export const events = new Hono<Environment>().all(
  "/",
  supportedMethods("GET"),
  statedCallerOfLink,
  responseHeaders,
  activeRequest(true),
  (context) => {
    const { signal } = context.req.raw;
    const call = callOf(context.get("caller"), context.get("slot"), context.get("responseHeaders"), signal);
    return answerEvents(call, context.req.query("lastEventId") ?? null);
  },
);

/**
 * @param after the position from which a new page continues; a browser sends the header by itself
 * @throws Refusal before the first byte; `too_many_streams` | `stream_capacity_reached`
 */
async function answerEvents(call: Call, after: string | null): Promise<Response> {
  const request = await authenticate(call, "events");
  const subscription = await recordingRefusals(request.trace, isRefusedCaller, async () => {
    if (call.apiKey === null && call.from !== null && !isSameOrigin(call.from, originOf(call))) {
      await Authorized.attribute(request);
      throw new Refusal("foreign_origin", { origin: originOf(call) });
    }
    const authorized = await Authorized.demand(request, "application:read", reachOfCaller);
    call.slot.release(); // it only waits from now on: streams have separate limits
    return followEvents(authorized, { after: call.headers.get("last-event-id") ?? after, signal: call.signal });
  });
  return new Response(streamOf(subscription), {
    headers: { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" },
  });
}

/** Reads the next messages only after the connection took the previous ones. */
function streamOf(subscription: Subscription): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let before = `retry: ${reconnectAfterMs}\n\n`;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // The beginning is sent at once, so that the caller knows that it is connected.
        const messages = before === "" ? await subscription.next() : [];
        if (messages === null) return controller.close();
        controller.enqueue(encoder.encode(before + messages.map(textOf).join("")));
        before = "";
      },
      cancel: () => subscription.end(),
    },
    { highWaterMark: 0 },
  );
}

function textOf(message: Message): string {
  // Without data, a browser only remembers the id.
  if (message.kind === "heartbeat") return `id: ${message.position}\n\n`;
  if (message.kind === "ready") return `id: ${message.position}\nevent: ready\ndata: {}\n\n`;
  if (message.kind === "end") return `event: end\ndata: ${JSON.stringify({ reason: message.reason })}\n\n`;
  const { position, event } = message;
  return `id: ${position}\nevent: ${event.kind}\ndata: ${JSON.stringify(presentEvent(event))}\n\n`;
}
