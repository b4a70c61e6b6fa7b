import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { roles } from "../access/permissions";
import type { BreakGlassAnswer, BreakGlassResults, BreakGlassVerb } from "../main/host/contract";
import {
  describeOperators,
  describeOrganization,
  describeReset,
  describeRotation,
  describeVerdict,
  shownOnce,
} from "./in-words";

/** What only the server's side can do; the command line itself sees nothing of it. */
export interface ServerSide {
  /** Runs until it is told to end. @returns the exit code */
  run(mode: "production" | "development"): Promise<number>;
  /** Builds everything that a start would. @returns the exit code */
  build(): Promise<number>;
  /** Runs a command of the host, by the running server or in this process. */
  ask(verb: string, input: unknown): Promise<BreakGlassAnswer>;
}

/** Where it writes; standard output holds results alone. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
}

const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
};

/**
 * Reads the words of a command line and does what they say.
 * @param words without the interpreter and the script
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
    .description("Who may reach what behind Traefik, and proof that it is so.")
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error });

  async function ask<V extends BreakGlassVerb>(
    verb: V,
    input: Record<string, unknown>,
    asJson: boolean | undefined,
    inWords: (result: BreakGlassResults[V]) => string,
    isGood: (result: BreakGlassResults[V]) => boolean = () => true,
  ): Promise<void> {
    const answer = (await server.ask(verb, input)) as BreakGlassAnswer<BreakGlassResults[V]>;
    if (answer.ok) {
      output.out(`${asJson ? JSON.stringify(answer.result) : inWords(answer.result)}\n`);
      if (!isGood(answer.result)) end(1);
    } else {
      output.error(`portcullis: ${answer.message}\n`);
      end(1);
    }
  }

  program
    .command("start")
    .description("start the control plane: build what is not built, migrate, serve")
    .action(async () => end(await server.run("production")));
  program
    .command("dev")
    .description("in a clone: run from the sources, and start again after each change")
    .action(async () => end(await server.run("development")));
  program
    .command("build")
    .description("build everything that a start would build")
    .action(async () => end(await server.build()));

  program
    .command("setup")
    .description("make the first operator, the organization and its first API key; once")
    .requiredOption("--email <address>", "of the first operator")
    .requiredOption("--organization <name>", "of the first organization")
    .option("--name <name>", "of the first operator")
    .addOption(expiresInDays())
    .addOption(json())
    .action(({ json, ...input }) => ask("setup", input, json, describeOrganization));

  program
    .command("organization")
    .description("organizations of this installation")
    .command("create")
    .description("make an organization, its owner and an API key")
    .requiredOption("--name <name>", "of the organization")
    .requiredOption("--owner <address>", "e-mail address of its owner")
    .addOption(
      new Option("--upstreams <which>", "where its routes may lead").choices(["any", "checked"]).default("checked"),
    )
    .addOption(expiresInDays())
    .addOption(json())
    .action(({ json, ...input }) => ask("organization create", input, json, describeOrganization));

  program
    .command("key")
    .description("API keys")
    .command("create")
    .description("make an API key for an organization: the way back in")
    .requiredOption("--organization <id>", "org_…")
    .requiredOption("--name <name>", "what it is for")
    .addOption(new Option("--role <role>", "what it may do").choices([...roles]).makeOptionMandatory())
    .addOption(expiresInDays())
    .addOption(json())
    .action(({ json, ...input }) =>
      ask("key create", input, json, ({ apiKeyId, key }) => `${shownOnce(key)}\n${apiKeyId}`),
    );

  program
    .command("gateway")
    .description("gateways of this installation")
    .command("adopt")
    .description("say that the folder of this machine is the gateway's: after a restore, a move, or its removal")
    .option("--gateway <name>", "which one", "local")
    .addOption(json())
    .action(({ json, ...input }) =>
      ask("gateway adopt", input, json, ({ gatewayId, folder }) => `${folder} is the folder of ${gatewayId} now.`),
    );

  program
    .command("audit")
    .description("the audit log")
    .command("verify")
    .description("say whether an entry was changed, moved or taken out; the exit code is 1 where one was")
    .option("--organization <id>", "org_…, or ins_… for the installation's own log; without it, every log")
    .addOption(
      new Option("--checkpoint <file>", "what audit.checkpoint answered, kept elsewhere: shows a cut end").argParser(
        readCheckpoint,
      ),
    )
    .addOption(json())
    .action(({ json, ...input }) =>
      ask(
        "audit verify",
        input,
        json,
        ({ logs }) => logs.map(describeVerdict).join("\n") || "There is no entry yet.",
        ({ logs }) => logs.every(({ intact }) => intact),
      ),
    );

  program
    .command("secrets")
    .description("the secret of this installation")
    .command("rotate")
    .description(
      "seal everything anew that a secret of PORTCULLIS_SECRET_PREVIOUS sealed; it goes on where it was ended",
    )
    .addOption(json())
    .action(({ json, ...input }) => ask("secrets rotate", input, json, describeRotation));

  const operator = program.command("operator").description("people with an account: for who is locked out");
  operator
    .command("list")
    .description("everybody with an account, and how they can sign in")
    .addOption(json())
    .action(({ json, ...input }) => ask("operator list", input, json, describeOperators));
  operator
    .command("reset-password")
    .description("take a password away, end the sessions, and print a link to choose another")
    .argument("<email>", "of the account")
    .addOption(json())
    .action((email: string, { json }) => ask("operator reset-password", { email }, json, describeReset));
  operator
    .command("reset-second-factor")
    .description("the same, and remove the second factors and passkeys")
    .argument("<email>", "of the account")
    .addOption(json())
    .action((email: string, { json }) => ask("operator reset-second-factor", { email }, json, describeReset));
  operator
    .command("unlock")
    .description("let somebody try again at once, after too many wrong passwords or codes")
    .argument("<email>", "of the account")
    .addOption(json())
    .action((email: string, { json }) =>
      ask("operator unlock", { email }, json, (unlocked) =>
        unlocked.wasLocked ? `${unlocked.email} can sign in again.` : `${unlocked.email} was not locked.`,
      ),
    );

  return program;
}

const json = () => new Option("--json", "print the result as JSON, and nothing else");

const expiresInDays = () =>
  new Option("--expires-in-days <days>", "when the key ends; without it, it does not").argParser((text) => {
    if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of days.");
    return Number(text);
  });

function readCheckpoint(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new InvalidArgumentError("It must be a file with the JSON of a checkpoint.");
  }
}
