import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadEnvFile } from "./load-env-file.mjs";

/**
 * The server that `bin/dev.mjs` starts from a build of its own: `node bin/dev-server.mjs <folder of the build>`. It starts
 * as soon as it is sent a message.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [, , build = ""] = process.argv;

const start = new Promise((resolve) => {
  process.once("message", resolve);
});
// The terminal's Ctrl-C reaches both processes. Whatever ends the other one ends this one too.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));

const load = (name) => import(pathToFileURL(join(build, `${name}.mjs`)).href);
const { parseEnvFile } = await load("env-file");
const problem = loadEnvFile(join(root, ".env"), parseEnvFile);
if (problem === null) {
  const { runServer } = await load("server");
  await start;
  // Next's development server leaves watchers behind that would keep the process.
  process.exit(await runServer(process.env, "development"));
}
process.stderr.write(`portcullis: ${problem}\n`);
process.exit(1);
