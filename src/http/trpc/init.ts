import { initTRPC } from "@trpc/server";
import type { Call } from "#src/operations/call";
import { formatError } from "./errors";

export const t = initTRPC.context<Omit<Call, "signal">>().create({
  isServer: true,
  // Responses contain no stack in any mode.
  isDev: false,
  errorFormatter: ({ shape, error, ctx }) => formatError(shape, error, ctx?.requestId ?? ""),
});
