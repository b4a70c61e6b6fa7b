import type { RequestListener } from "node:http";
import { json } from "node:stream/consumers";
import type { Logger } from "pino";
import { z } from "zod";
import { breakGlass, type CommandRuntime } from "./break-glass";
import type { BreakGlassResponse } from "./host/contract";

/** The only path of the control socket in addition to its built-in paths. */
export const breakGlassPath = "/break-glass";

const Command = z.object({ verb: z.string(), input: z.unknown() });

/** Answers host commands over the control socket. A process that can open the socket controls the host. */
export function controlRequests(runtime: CommandRuntime, log: Logger): RequestListener {
  return async (request, response) => {
    const result = await responseTo(runtime, request).catch((error: unknown): BreakGlassResponse => {
      log.error({ errorName: error instanceof Error ? error.name : typeof error }, "a command failed");
      return { ok: false, message: "The command failed. The server's log has the details." };
    });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(result));
  };
}

async function responseTo(
  runtime: CommandRuntime,
  request: Parameters<RequestListener>[0],
): Promise<BreakGlassResponse> {
  const command = Command.safeParse(request.url === breakGlassPath ? await json(request) : null);
  if (!command.success) return { ok: false, message: "There is no such command." };
  return breakGlass(runtime, command.data.verb, command.data.input);
}
