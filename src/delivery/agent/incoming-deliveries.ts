import type { Term } from "../protocol/applier";
import type { Bundle } from "../protocol/bundle";
import { BundleRefused } from "../protocol/bundle-refused";
import { openBundle, type SignedBundle } from "../protocol/signed-bundle";
import type { Target } from "../protocol/target";

interface BegunTerm {
  readonly term: Term;
  readonly target: Target;
  /** Digests that the next bundle may follow: of the last recorded delivery, and of those applied after it. */
  readonly follows: readonly string[];
  /** The newest revision that was applied. */
  readonly newest: number;
}

interface Staged {
  readonly bundle: Bundle;
  /** Lets the applier go on; with an error, it ends with nothing applied. */
  readonly release: (error?: Error) => void;
  /** Settles when all of it is applied, or nothing will be. */
  readonly done: Promise<void>;
}

/**
 * Takes bundles from outside: checks each one, stages it, and applies it when it is due. Only the term that has begun
 * here last may deliver, and only what follows the deliveries before it.
 */
export class IncomingDeliveries {
  #begun: BegunTerm | null = null;
  #staged: Staged | null = null;

  constructor(
    private readonly gatewayId: string,
    private readonly keys: readonly string[],
  ) {}

  /** The target of the term that has begun. @throws Error none has */
  get target(): Target {
    if (this.#begun === null) throw new Error("no term has begun here");
    return this.#begun.target;
  }

  /** @throws BundleRefused `older_term`: it must not take a newer term's folder away */
  requireNewer({ gatewayId, term }: Term): void {
    if (gatewayId !== this.gatewayId) throw new BundleRefused("another_gateway");
    if (this.#begun !== null && term < this.#begun.term.term) throw new BundleRefused("older_term");
  }

  async begin(term: Term, target: Target): Promise<void> {
    await this.drop();
    this.#begun = { term, target, follows: [term.digest], newest: 0 };
  }

  /** Resolves when everything is staged and nothing is applied. @throws BundleRefused | the file system's own error */
  async stage(signed: SignedBundle): Promise<void> {
    const bundle = openBundle(signed, this.keys);
    const { target } = this.#require(bundle);
    await this.drop();
    let release: Staged["release"] = () => undefined;
    const released = new Promise<void>((resolve, reject) => {
      release = (error) => (error === undefined ? resolve() : reject(error));
    });
    released.catch(() => undefined); // the applier throws it, if it comes so far
    let done: Promise<void> = Promise.resolve();
    const staged = new Promise<void>((resolve) => {
      const ready = () => {
        resolve();
        return released;
      };
      done = target.apply(bundle.files, bundle, { ready });
    });
    done.catch(() => undefined); // `apply` and `drop` throw it
    await Promise.race([staged, done]);
    this.#staged = { bundle, release, done };
  }

  /** Applies what is staged. @returns the bundle @throws the file system's own error */
  async apply(revision: number): Promise<Bundle> {
    const staged = this.#staged;
    if (staged === null || staged.bundle.revision !== revision) throw new Error(`revision ${revision} is not staged`);
    this.#staged = null;
    const { follows, ...begun } = this.#require(staged.bundle);
    staged.release();
    await staged.done;
    const { previous, digest } = staged.bundle;
    // What the leader recorded is not undone by a bundle that follows an older one.
    const kept = follows.includes(previous) ? follows.slice(follows.indexOf(previous)) : [previous];
    this.#begun = { ...begun, follows: [...kept, digest], newest: revision };
    return staged.bundle;
  }

  /** What is staged is not applied any more, and taken away. */
  async drop(): Promise<void> {
    const staged = this.#staged;
    this.#staged = null;
    staged?.release(new Error("the delivery was given up"));
    await staged?.done.catch(() => undefined);
  }

  #require(bundle: Bundle): BegunTerm {
    if (bundle.gatewayId !== this.gatewayId) throw new BundleRefused("another_gateway");
    const begun = this.#begun;
    if (begun === null || bundle.term !== begun.term.term) throw new BundleRefused("older_term");
    if (bundle.revision <= begun.newest) throw new BundleRefused("older_revision");
    const beginsEpoch = bundle.previous === "" && bundle.epoch !== begun.term.epoch && begun.newest === 0;
    if (!begun.follows.includes(bundle.previous) && !beginsEpoch) throw new BundleRefused("broken_chain");
    return begun;
  }
}
