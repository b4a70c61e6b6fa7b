import { createInterface } from "node:readline";
import { openPostgres } from "#src/database/postgres-database";
import { fingerprint, makeSealer } from "#src/database/sealing";
import { rotateSecrets } from "#src/main/host/rotate-secrets";

/**
 * Runs `portcullis secrets rotate` in a separate process, for a test that kills it. Before each transaction it writes a
 * line and waits for a line on standard input.
 */
const [url = "", current = "", previous = ""] = process.argv.slice(2);
const [secret, old] = [Buffer.from(current, "hex"), Buffer.from(previous, "hex")];
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const database = openPostgres(url, 2);

const result = await rotateSecrets({
  database: {
    ...database,
    transaction: async (role, organizationId, body) => {
      process.stdout.write("transaction\n");
      await lines.next();
      return database.transaction(role, organizationId, body);
    },
  },
  clock: { now: () => new Date() },
  random: () => Buffer.alloc(0),
  keys: async () => ({ sealer: makeSealer([secret, old]), fingerprint: fingerprint(secret) }),
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
