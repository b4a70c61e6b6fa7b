import type { z } from "zod";
import { Refusal } from "../platform/errors/refusal";
import { adoptGateway } from "./adopt-gateway";
import {
  AdoptGatewayFolder,
  type BreakGlassResponse,
  type BreakGlassResults,
  type BreakGlassVerb,
  CreateKey,
  CreateOrganization,
  ListOperators,
  OperatorByEmail,
  RotateSecrets,
  SetUp,
  VerifyAuditLogs,
} from "./host/contract";
import { createKey } from "./host/create-key";
import { createOrganization } from "./host/create-organization";
import { listOperators } from "./host/list-operators";
import type { LinkRuntime } from "./host/password-link";
import { resetPassword } from "./host/reset-password";
import { resetSecondFactor } from "./host/reset-second-factor";
import { type RotationRuntime, rotateSecrets } from "./host/rotate-secrets";
import { setUp } from "./host/set-up";
import { unlockOperator } from "./host/unlock-operator";
import { type VerifyRuntime, verifyAuditLogs } from "./host/verify-audit-logs";

/** The dependencies of the host commands. */
export interface CommandRuntime extends LinkRuntime, RotationRuntime, VerifyRuntime {
  /** The folder of the gateway `local` on this machine. */
  readonly gatewayFolder: string;
}

interface Verb<Input extends z.ZodType, Result> {
  readonly input: Input;
  readonly run: (runtime: CommandRuntime, input: z.output<Input>) => Promise<Result>;
}

const hostCommand = <Input extends z.ZodType, Result>(input: Input, run: Verb<Input, Result>["run"]) => ({
  respond: async (runtime: CommandRuntime, given: unknown): Promise<BreakGlassResponse<Result>> => {
    const read = input.safeParse(given);
    if (!read.success) return { ok: false, message: describe(read.error) };
    try {
      return { ok: true, result: await run(runtime, read.data) };
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, message: error.message };
      throw error;
    }
  },
});

const hostCommands = {
  setup: hostCommand(SetUp, setUp),
  "organization create": hostCommand(CreateOrganization, createOrganization),
  "key create": hostCommand(CreateKey, createKey),
  "gateway adopt": hostCommand(AdoptGatewayFolder, adoptGateway),
  "audit verify": hostCommand(VerifyAuditLogs, verifyAuditLogs),
  "secrets rotate": hostCommand(RotateSecrets, rotateSecrets),
  "operator list": hostCommand(ListOperators, listOperators),
  "operator reset-password": hostCommand(OperatorByEmail, resetPassword),
  "operator reset-second-factor": hostCommand(OperatorByEmail, resetSecondFactor),
  "operator unlock": hostCommand(OperatorByEmail, unlockOperator),
} satisfies {
  [V in BreakGlassVerb]: { respond: (...given: never[]) => Promise<BreakGlassResponse<BreakGlassResults[V]>> };
};

/** Runs a host command. Callers must first prove that they control the host. */
export async function breakGlass(runtime: CommandRuntime, name: string, input: unknown): Promise<BreakGlassResponse> {
  if (!Object.hasOwn(hostCommands, name)) return { ok: false, message: "There is no such command." };
  return hostCommands[name as BreakGlassVerb].respond(runtime, input);
}

/** Describes the first problem in one line. */
function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  const option = issue?.path.join(".").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${option}: ${issue?.message ?? "is wrong"}`;
}
