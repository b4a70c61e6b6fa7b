import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import type { Database } from "../src/database/database";
import { openEmbedded } from "../src/database/embedded/open-embedded";
import { embeddedDatabase } from "../src/database/embedded-database";
import { openPostgres } from "../src/database/postgres-database";
import { makeSealer } from "../src/database/sealing";
import { makeSigner } from "../src/database/signing";
import { createEventHub } from "../src/delivery/events/event-hub";
import { createWaitHub } from "../src/delivery/wait-hub";
import { createHandler } from "../src/http/handler";
import type { Settings } from "../src/main/settings/environment";
import { signInSettings } from "../src/main/sign-in-settings";
import { realSurroundings } from "../src/main/system";
import { newId } from "../src/platform/ids";
import { type OnStatement, watch } from "./raw-database";

export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

export interface RecordedCreate {
  /** From `begin` to `commit`. */
  readonly product: readonly Statement[];
  /** The other statements of the same call. */
  readonly authorization: readonly string[];
}

/** The username of the recorded call, which the replay replaces. */
export const recordedUsername = "recorded-username";

/** Makes one real call of `security.create` and records every statement that reaches the driver. */
export async function recordCreate(
  settings: Settings,
  { key, applicationIds }: { readonly key: string; readonly applicationIds: readonly string[] },
): Promise<RecordedCreate> {
  const statements: Statement[] = [];
  const database = await openProduct(settings, (text, parameters) => void statements.push({ text, parameters }));
  if (settings.secret === null) throw new Error("The recording needs the installation's secret");
  const log = pino({ level: "silent" });
  const handler = createHandler({
    ...realSurroundings(),
    database,
    sealer: makeSealer([settings.secret]),
    signer: makeSigner([settings.secret]),
    installationId: newId("installation"),
    localGateway: () => null,
    signIn: signInSettings(settings, "http://bench.invalid", { host: "127.0.0.1", port: 1 }),
    log,
    isStrict: false,
    mailer: null,
    listensOn: [],
    wake: () => undefined,
    prioritize: () => undefined,
    prove: () => undefined,
    waits: createWaitHub({ database, log, prioritize: () => undefined }),
    events: createEventHub({ ...realSurroundings(), database, log }),
  });
  const call = async (username: string) => {
    const response = await handler(
      new Request("http://bench.invalid/api/trpc/security.create", {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": key },
        body: JSON.stringify({ applicationId: applicationIds[0], username, password: randomBytes(12).toString("hex") }),
      }),
      { ip: "127.0.0.1" },
    );
    if (response.status !== 200) throw new Error(`security.create: ${response.status} ${await response.text()}`);
  };
  await call("before-recording"); // the first call in a minute also records the key's last use
  statements.length = 0;
  await call(recordedUsername);
  await database.close();
  const begin = statements.findIndex(({ text }) => /^begin/.test(text));
  const commit = statements.findIndex(({ text }) => /^commit/.test(text));
  if (begin < 0 || commit < begin) throw new Error("The recorded call had no transaction");
  const product = statements.slice(begin, commit + 1);
  return { product, authorization: statements.filter((one) => !product.includes(one)).map(({ text }) => text) };
}

async function openProduct(settings: Settings, onStatement: OnStatement): Promise<Database> {
  if (settings.databaseUrl !== null) return openPostgres(settings.databaseUrl, 2, onStatement);
  const client = await openEmbedded(join(settings.dataFolder, "database"));
  const database = await embeddedDatabase(client);
  watch(client, onStatement);
  return database;
}
