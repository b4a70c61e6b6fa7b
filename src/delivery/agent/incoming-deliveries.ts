import type { Term } from "../protocol/applier";
import type { Bundle } from "../protocol/bundle";
import { BundleRefused } from "../protocol/bundle-refused";
import { openBundle, type SignedBundle } from "../protocol/signed-bundle";
import type { Target } from "../protocol/target";

interface BegunTerm {
  readonly term: Term;
  readonly target: Target;
  /**
   * Digests that the next bundle may follow: the last recorded delivery's, and those of the deliveries applied after
   * it.
   */
  readonly follows: readonly string[];
  /** The newest applied revision. */
  readonly newest: number;
}

interface Staged {
  readonly bundle: Bundle;
  /** Lets the applier continue. With an error, it stops before it applies anything. */
  readonly release: (error?: Error) => void;
  /** Settles when the whole bundle is applied, or when it is certain that it never will be. */
  readonly done: Promise<void>;
}

/**
 * Accepts bundles from a leader in another process: verifies each one, stages it, and applies it when the leader says
 * so. Only the term that began here last may deliver, and each bundle must follow the deliveries before it.
 */
export class IncomingDeliveries {
  #begun: BegunTerm | null = null;
  #staged: Staged | null = null;

  constructor(
    private readonly gatewayId: string,
    private readonly keys: readonly string[],
  ) {}

  /** The target of the current term. @throws Error if no term has begun */
  get target(): Target {
    if (this.#begun === null) throw new Error("no term has begun here");
    return this.#begun.target;
  }

  /** Refuses an older term, which must not remove a newer term's folder. @throws BundleRefused `older_term` */
  requireNewer({ gatewayId, term }: Term): void {
    if (gatewayId !== this.gatewayId) throw new BundleRefused("another_gateway");
    if (this.#begun !== null && term < this.#begun.term.term) throw new BundleRefused("older_term");
  }

  async begin(term: Term, target: Target): Promise<void> {
    await this.drop();
    this.#begun = { term, target, follows: [term.digest], newest: 0 };
  }

  /** Resolves when everything is staged and nothing is applied. @throws BundleRefused, or the file system's error */
  async stage(signed: SignedBundle): Promise<void> {
    const bundle = openBundle(signed, this.keys);
    const { target } = this.#require(bundle);
    await this.drop();
    let release: Staged["release"] = () => undefined;
    const released = new Promise<void>((resolve, reject) => {
      release = (error) => (error === undefined ? resolve() : reject(error));
    });
    released.catch(() => undefined); // the applier throws this error if it gets this far
    let done: Promise<void> = Promise.resolve();
    const staged = new Promise<void>((resolve) => {
      const ready = () => {
        resolve();
        return released;
      };
      done = target.apply(bundle.files, bundle, { ready });
    });
    done.catch(() => undefined); // `apply` and `drop` throw this error
    await Promise.race([staged, done]);
    this.#staged = { bundle, release, done };
  }

  /** Applies the staged bundle. @returns the bundle @throws the file system's error */
  async apply(revision: number): Promise<Bundle> {
    const staged = this.#staged;
    if (staged === null || staged.bundle.revision !== revision) throw new Error(`revision ${revision} is not staged`);
    this.#staged = null;
    const { follows, ...begun } = this.#require(staged.bundle);
    staged.release();
    await staged.done;
    const { previous, digest } = staged.bundle;
    // A bundle that follows an older one does not undo what the leader recorded.
    const kept = follows.includes(previous) ? follows.slice(follows.indexOf(previous)) : [previous];
    this.#begun = { ...begun, follows: [...kept, digest], newest: revision };
    return staged.bundle;
  }

  /** Cancels the staged delivery and removes its files. */
  async drop(): Promise<void> {
    const staged = this.#staged;
    this.#staged = null;
    staged?.release(new Error("the delivery was cancelled"));
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
