import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Bundle, DeliveredApplication, PlannedFile } from "./bundle";
import { BundleRefused } from "./bundle-refused";
import { fileDigest } from "./file-digest";
import { FileName, PlannedProbe } from "./messages";

/** A bundle with its signature, which covers exactly these bytes. */
export interface SignedBundle {
  /** JSON. */
  readonly body: string;
  /** HMAC-SHA-256, base64url. */
  readonly signature: string;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const Application: z.ZodType<DeliveredApplication> = z.object({
  applicationId: z.string(),
  organizationId: z.string(),
  revision: z.int(),
  isPublic: z.boolean(),
  wasProven: z.boolean(),
  tag: z.string(),
  probes: z.array(PlannedProbe),
  closes: z.boolean(),
});

/** The body of a signed bundle. A removal has only the name of its file. */
const Body = z.object({
  gatewayId: z.string(),
  term: z.int(),
  epoch: z.string(),
  revision: z.int().positive(),
  previous: z.string(),
  digest: z.string(),
  files: z.array(z.object({ name: FileName, text: z.string(), digest: sha256, effect: z.enum(["closes", "opens"]) })),
  removals: z.array(FileName),
  marker: z.string(),
  probes: z.array(Application),
});

/** @param key see `deliveryKey` */
export function signBundle({ files, ...rest }: Bundle, key: string): SignedBundle {
  const body = JSON.stringify({
    ...rest,
    files: files.filter(({ text }) => text !== null),
    removals: files.flatMap(({ name, text }) => (text === null ? [name] : [])),
  });
  return { body, signature: codeOf(body, key).toString("base64url") };
}

/**
 * Verifies and parses a bundle.
 * @param keys any of them may have made the signature, because a key is replaced while the old one is still in use
 * @throws BundleRefused
 */
export function openBundle({ body, signature }: SignedBundle, keys: readonly string[]): Bundle {
  const given = Buffer.from(signature, "base64url");
  const isSigned = keys.some((key) => given.length === 32 && timingSafeEqual(codeOf(body, key), given));
  if (!isSigned) throw new BundleRefused("bad_signature");
  const { files, removals, ...rest } = read(body);
  if (files.some(({ text, digest }) => fileDigest(text) !== digest)) throw new BundleRefused("wrong_digest");
  const removed = removals.map((name): PlannedFile => ({ name, text: null, digest: null, effect: "removes" }));
  return { ...rest, files: [...files, ...removed] };
}

function read(body: string): z.output<typeof Body> {
  try {
    return Body.parse(JSON.parse(body));
  } catch {
    throw new BundleRefused("unreadable");
  }
}

function codeOf(body: string, key: string): Buffer {
  return createHmac("sha256", key).update("portcullis bundle\n").update(body, "utf8").digest();
}
