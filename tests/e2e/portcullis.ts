import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendHostCommand } from "#src/main/host-commands";
import { layEmbeddedDatabase } from "../support/embedded-template";
import { freePort } from "../support/free-port";

/** The product's command in a process and a data folder of its own, before set-up. */
export interface Portcullis {
  /** `http://localhost:<port>`, because passkeys need a host name. */
  readonly url: string;
  /** The link that the start printed for the first operator. */
  readonly setUpLink: string;
  /** Runs a command of the host. @throws Error with the message of the command */
  onHost<Result>(verb: string, input: unknown): Promise<Result>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @param settings in addition to the defaults of this function */
export async function startPortcullis(settings: Readonly<Record<string, string>> = {}): Promise<Portcullis> {
  const dataFolder = mkdtempSync(join(tmpdir(), "pcl-"));
  await layEmbeddedDatabase(dataFolder);
  const port = settings.PORT ?? (await freePort());
  const url = `http://localhost:${port}`;
  const environment = {
    PORT: String(port),
    PORTCULLIS_PUBLIC_URL: url,
    PORTCULLIS_DATA: dataFolder,
    PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9", // nothing listens there
    PORTCULLIS_TRUSTED_PROXIES: "127.0.0.1", // each visitor has its own address
    PORTCULLIS_LOG_LEVEL: "warn",
    ...settings,
  };
  const command = join(import.meta.dirname, "../../bin/portcullis.mjs");
  const child = spawn(process.execPath, [command, "start"], {
    cwd: dataFolder,
    // The command sets its own NODE_ENV.
    env: { NODE_ENV: "test", PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: "pipe",
  });
  running.add(child);
  let output = "";
  const ended = once(child, "close").then(() => void running.delete(child));
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes("--configFile=")) resolve();
      });
    }
    void ended.then(() => reject(new Error(`The process ended during its start:\n${output}`)));
  });
  const [setUpLink = ""] = /http:\S+\/setup#\S+/.exec(output) ?? [];
  return {
    url,
    setUpLink,
    async onHost<Result>(verb: string, input: unknown) {
      const answer = await sendHostCommand(environment, verb, input);
      if (!answer.ok) throw new Error(`${verb}: ${answer.message}`);
      return answer.result as Result;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
