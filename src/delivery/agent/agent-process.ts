import { randomBytes } from "node:crypto";
import pino from "pino";
import { z } from "zod";
import { readOwnFile } from "#src/platform/files/own-file";
import { realPace } from "#src/platform/timer";
import { realFileOperations } from "../applier/file-operations";
import { gatewayClient } from "../prober/gateway-client";
import { Peer } from "../protocol/peer";
import { connectLocally } from "./local-connection";
import { serveGateway } from "./serve-gateway";

/**
 * Runs the applier and the prober of one gateway in a separate process. The leader talks to it over standard input and
 * output. It needs no database. Its only parameter is the path of its settings file, which only its own user may read.
 */

const Settings = z.object({
  gatewayId: z.string(),
  /** Bundles may be signed with any of these keys. */
  keys: z.array(z.string().min(43)).min(1),
  folder: z.object({
    folder: z.string(),
    folderInTraefik: z.string().exactOptional(),
    group: z.int().exactOptional(),
  }),
});

const log = pino({ base: null }, pino.destination(2));
const text = await readOwnFile(process.argv[2] ?? "", { secret: true });
const { gatewayId, keys, folder } = Settings.parse(JSON.parse(text ?? "null"));
const connection = connectLocally({
  folder,
  files: realFileOperations,
  client: () => gatewayClient(),
  clock: { now: () => new Date() },
  pace: realPace,
  random: (size) => randomBytes(size),
  log,
  faultPoint: () => undefined,
});
const peer = new Peer({ input: process.stdin, output: process.stdout, log });
serveGateway(peer, { gatewayId, keys, connection, pace: realPace, log });
const { message } = await peer.closed;
log.info({ reason: message }, "the connection to the leader ended");
process.exit(0);
