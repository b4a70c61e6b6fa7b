import type { TRPCClientError } from "@trpc/client";
import { z } from "zod";
import { openOperation } from "../../src/operations/operation";
import type { RefusalReason } from "../../src/platform/errors/reasons";
import { Refusal } from "../../src/platform/errors/refusal";
import type { Router } from "../../src/sdk/create-client";

const empty = z.strictObject({});
const declare = (errors: Parameters<typeof openOperation<typeof empty, typeof empty, { method: "GET"; path: "/x" }>>[0]["errors"]) => errors;

export function use(refusedCall: TRPCClientError<Router>): readonly unknown[] {
  const made: Refusal<RefusalReason>[] = [];
  made.push(new Refusal("unheard_of"));
  return [...made, refusedCall];
}
