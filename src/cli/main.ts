import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { roles } from "../access/permissions";
import type { BreakGlassResponse, BreakGlassResults, BreakGlassVerb } from "../main/host/contract";
import {
  describeOperators,
  describeOrganization,
  describeReset,
  describeRotation,
  describeVerdict,
  shownOnce,
} from "./in-words";

/** The functions that only the server provides; the command line does not import the server. */
export interface ServerSide {
  /** Runs until a signal ends it. @returns the exit code */
  run(mode: "production" | "development"): Promise<number>;
  /** Builds everything that a start would build. @returns the exit code */
  build(): Promise<number>;
  /** Runs a host command, in the running server or in this process. */
  send(verb: string, input: unknown): Promise<BreakGlassResponse>;
}

/** The output streams; standard output contains only results. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
}

const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
};

/**
 * Parses a command line and runs its command.
 * @param words the arguments without the interpreter and the script
 * @returns the exit code: 0, or 1 after one line on standard error
 */
export async function runCommandLine(
  words: readonly string[],
  server: ServerSide,
  output: Output = processOutput,
): Promise<number> {
  let code = 0;
  const program = portcullis(server, output, (next) => {
    code = next;
  });
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode;
  }
  return code;
}

function portcullis(server: ServerSide, output: Output, end: (code: number) => void): Command {
  const program = new Command("portcullis")
    .description("Access control for applications behind Traefik, with proof that it is enforced.")
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error });

  async function send<V extends BreakGlassVerb>(
    verb: V,
    input: Record<string, unknown>,
    asJson: boolean | undefined,
    inWords: (result: BreakGlassResults[V]) => string,
    isGood: (result: BreakGlassResults[V]) => boolean = () => true,
  ): Promise<void> {
    const response = (await server.send(verb, input)) as BreakGlassResponse<BreakGlassResults[V]>;
    if (response.ok) {
      output.out(`${asJson ? JSON.stringify(response.result) : inWords(response.result)}\n`);
      if (!isGood(response.result)) end(1);
    } else {
      output.error(`portcullis: ${response.message}\n`);
      end(1);
    }
  }

  program
    .command("start")
    .description("start the control plane: build missing parts, migrate the database, serve")
    .action(async () => end(await server.run("production")));
  program
    .command("dev")
    .description("run from the sources of a clone, and restart after each change")
    .action(async () => end(await server.run("development")));
  program
    .command("build")
    .description("build everything that start needs")
    .action(async () => end(await server.build()));

  program
    .command("setup")
    .description("create the first operator, the first organization and its first API key; works once")
    .requiredOption("--email <address>", "of the first operator")
    .requiredOption("--organization <name>", "of the first organization")
    .option("--name <name>", "of the first operator")
    .addOption(expiresInDays())
    .addOption(json())
    .action(({ json, ...input }) => send("setup", input, json, describeOrganization));

  program
    .command("organization")
    .description("manage the organizations of this installation")
    .command("create")
    .description("create an organization, its owner and an API key")
    .requiredOption("--name <name>", "of the organization")
    .requiredOption("--owner <address>", "e-mail address of its owner")
    .addOption(
      new Option("--upstreams <which>", "where its routes may lead").choices(["any", "checked"]).default("checked"),
    )
    .addOption(expiresInDays())
    .addOption(json())
    .action(({ json, ...input }) => send("organization create", input, json, describeOrganization));

  program
    .command("key")
    .description("API keys")
    .command("create")
    .description("create an API key for an organization, for example after its last key is lost")
    .requiredOption("--organization <id>", "org_…")
    .requiredOption("--name <name>", "what it is for")
    .addOption(new Option("--role <role>", "what it may do").choices([...roles]).makeOptionMandatory())
    .addOption(expiresInDays())
    .addOption(json())
    .action(({ json, ...input }) =>
      send("key create", input, json, ({ apiKeyId, key }) => `${shownOnce(key)}\n${apiKeyId}`),
    );

  program
    .command("gateway")
    .description("manage the gateways of this installation")
    .command("adopt")
    .description(
      "confirm that the folder on this machine belongs to the gateway, after it was restored, moved or removed",
    )
    .option("--gateway <name>", "which one", "local")
    .addOption(json())
    .action(({ json, ...input }) =>
      send("gateway adopt", input, json, ({ gatewayId, folder }) => `${folder} is the folder of ${gatewayId} now.`),
    );

  program
    .command("audit")
    .description("check the audit log")
    .command("verify")
    .description("verify that no entry was changed, moved or removed; if one was, the exit code is 1")
    .option("--organization <id>", "org_…, or ins_… for the log of the installation; default: all logs")
    .addOption(
      new Option("--checkpoint <file>", "a saved response of audit.checkpoint; detects a truncated log").argParser(
        readCheckpoint,
      ),
    )
    .addOption(json())
    .action(({ json, ...input }) =>
      send(
        "audit verify",
        input,
        json,
        ({ logs }) => logs.map(describeVerdict).join("\n") || "There is no entry yet.",
        ({ logs }) => logs.every(({ intact }) => intact),
      ),
    );

  program
    .command("secrets")
    .description("manage the secret of this installation")
    .command("rotate")
    .description(
      "re-encrypt all values that a secret of PORTCULLIS_SECRET_PREVIOUS encrypted; continues an interrupted run",
    )
    .addOption(json())
    .action(({ json, ...input }) => send("secrets rotate", input, json, describeRotation));

  const operator = program.command("operator").description("manage accounts, and help people who cannot sign in");
  operator
    .command("list")
    .description("list all accounts, and how each person can sign in")
    .addOption(json())
    .action(({ json, ...input }) => send("operator list", input, json, describeOperators));
  operator
    .command("reset-password")
    .description("remove a password, end all sessions, and print a link to choose a new password")
    .argument("<email>", "of the account")
    .addOption(json())
    .action((email: string, { json }) => send("operator reset-password", { email }, json, describeReset));
  operator
    .command("reset-second-factor")
    .description("do the same as reset-password, and remove the second factors and passkeys")
    .argument("<email>", "of the account")
    .addOption(json())
    .action((email: string, { json }) => send("operator reset-second-factor", { email }, json, describeReset));
  operator
    .command("unlock")
    .description("unlock an account after too many wrong passwords or codes")
    .argument("<email>", "of the account")
    .addOption(json())
    .action((email: string, { json }) =>
      send("operator unlock", { email }, json, (unlocked) =>
        unlocked.wasLocked ? `${unlocked.email} can sign in again.` : `${unlocked.email} was not locked.`,
      ),
    );

  return program;
}

const json = () => new Option("--json", "print the result as JSON, and nothing else");

const expiresInDays = () =>
  new Option("--expires-in-days <days>", "days until the key expires; default: it does not expire").argParser(
    (text) => {
      if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of days.");
      return Number(text);
    },
  );

function readCheckpoint(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new InvalidArgumentError("It must be a file with the JSON of a checkpoint.");
  }
}
