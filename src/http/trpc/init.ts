import { initTRPC } from "@trpc/server";
import { formatError } from "../errors";
import type { Context } from "./context";

export const t = initTRPC.context<Context>().create({
  isServer: true,
  // Never a stack, in any mode.
  isDev: false,
  errorFormatter: ({ shape, error, ctx }) => formatError(shape, error, ctx?.requestId ?? ""),
});
