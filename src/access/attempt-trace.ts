import type { Refusal } from "../platform/errors/refusal";
import type { Organization } from "./organization";
import { type Actor, type RefusedObject, type RequestOfStranger, recordRefusal, recordStranger } from "./refusals";

/**
 * What the audit log records if a request is refused: the sender and the object, as far as the request got. A refusal
 * is recorded at most once.
 */
export class AttemptTrace {
  #actor: { readonly actor: Actor; readonly organization: Pick<Organization, "organizationId"> } | null = null;
  #object: RefusedObject = { kind: "organization", id: null, name: null };
  #isRecorded = false;

  constructor(private readonly request: RequestOfStranger) {}

  /** Records the caller, once it is known. Its key or session may have ended. */
  identified(actor: Actor, organization: Pick<Organization, "organizationId">): void {
    this.#actor = { actor, organization };
  }

  /** Records what the request is about. */
  about(object: RefusedObject): void {
    this.#object = object;
  }

  /**
   * Records the refusal of the request: in the log of its organization, or, if the caller was not identified, in the
   * log of the installation.
   * @param reason the true reason, if the response says less
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
 * Runs the work of a request. A refusal is recorded here and nowhere else.
 * @param isAttempt whether the audit log has to record this refusal as an attempt
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
