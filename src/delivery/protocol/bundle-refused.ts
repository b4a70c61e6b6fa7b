/** Why a bundle was not applied. */
export const bundleRefusals = [
  "bad_signature",
  "unreadable",
  "another_gateway",
  "older_term",
  "older_revision",
  "broken_chain",
  "wrong_digest",
] as const;
export type BundleRefusal = (typeof bundleRefusals)[number];

const texts: Readonly<Record<BundleRefusal, string>> = {
  bad_signature: "no known key made the signature of the bundle",
  unreadable: "the bundle cannot be read",
  another_gateway: "the bundle is for another gateway",
  older_term: "the bundle belongs to a different term than the one that has begun here",
  older_revision: "a bundle with this revision or a later one was already accepted",
  broken_chain: "the bundle does not follow the last applied delivery",
  wrong_digest: "a file of the bundle does not have the digest that the bundle states",
};

/** A bundle was refused before any part of it was staged. */
export class BundleRefused extends Error {
  override readonly name = "BundleRefused";
  constructor(readonly why: BundleRefusal) {
    super(texts[why]);
  }
}
