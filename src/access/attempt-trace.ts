import type { Refusal } from "../platform/errors/refusal";
import type { Organization } from "./organization";
import { type Actor, type RefusedObject, type RequestOfStranger, recordRefusal, recordStranger } from "./refusals";

/**
 * What the audit log says if a request is refused: who sent it, and what it was about, as far as the request got. A
 * refusal of it is recorded at most once.
 */
export class AttemptTrace {
  #actor: { readonly actor: Actor; readonly organization: Pick<Organization, "organizationId"> } | null = null;
  #object: RefusedObject = { kind: "organization", id: null, name: null };
  #isRecorded = false;

  constructor(private readonly request: RequestOfStranger) {}

  /** The caller is known, though its key or session may have ended. */
  identified(actor: Actor, organization: Pick<Organization, "organizationId">): void {
    this.#actor = { actor, organization };
  }

  /** What the request is about. */
  about(object: RefusedObject): void {
    this.#object = object;
  }

  /**
   * Records the refusal of the request: in the log of its organization, or, if nobody was identified, in the log of the
   * installation.
   * @param reason the true one, if the response says less
   */
  async refused(refusal: Refusal, reason: string = refusal.reason): Promise<void> {
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    if (this.#actor === null) return recordStranger(this.request, refusal, reason);
    const { actor, organization } = this.#actor;
    await recordRefusal(this.request, actor, organization, reason, this.#object);
  }
}

/**
 * Runs what a request asks for. A refusal is recorded here and nowhere else.
 * @param isAttempt whether a refusal is an attempt that the audit log has to hold
 */
export async function recordingRefusals<T>(
  trace: AttemptTrace,
  isAttempt: (error: unknown) => error is Refusal,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (isAttempt(error)) await trace.refused(error);
    throw error;
  }
}
