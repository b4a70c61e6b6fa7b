import { auditEntries } from "#drizzle/audit";
import type { HostWork } from "#src/access/host-work";
import { endLinks, findLink, spendLink } from "#src/identity/links";
import { hashPassword, requireAcceptablePassword } from "#src/identity/passwords";
import { requireGoodLink } from "#src/identity/require-good-link";
import { type OpenedSession, openSession } from "#src/identity/sessions";
import type { Fields } from "#src/identity/sign-in/method";
import { recordSignIn } from "#src/identity/sign-in/record-sign-in";
import type { SignInContext } from "#src/identity/sign-in-context";
import { storePassword } from "#src/identity/store-password";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { insertOrganization } from "../organizations/rows";
import { requireEmpty } from "../organizations/rules";
import { SetUpByLink } from "./contract";

type AuditArguments = Parameters<HostWork["auditAs"]>;

/**
 * Sets up an empty installation in the browser of the person who started it: creates the root organization and its
 * owner, as `portcullis setup` does, but with a password and without an API key.
 * @throws Refusal `already_set_up`, `link_used`, … | `weak_password`, `invalid_input`
 */
export async function setUpByLink(attempt: SignInContext, fields: Fields): Promise<OpenedSession> {
  const { database, clock, random } = attempt.runtime;
  const { email, organization, name } = readForm(fields);
  const password = fields.password ?? "";
  await requireAcceptablePassword(password, email);
  const hash = await hashPassword(password, { known: "set-up" });
  return database.transaction("host", null, async (tx) => {
    const now = clock.now();
    await requireEmpty(tx); // before the link is locked: `setup` takes these locks in the same order
    const link = requireGoodLink(await findLink(tx, fields.token ?? "", true), now);
    await spendLink(tx, link, now);
    await endLinks(tx, { purpose: "set_up" }, "other_link");
    const done: AuditArguments[] = [];
    const work = { tx, now, random, auditAs: (...entry: AuditArguments) => void done.push(entry) };
    const { userId, organizationId } = await insertOrganization(work, {
      name: organization,
      email,
      ownerName: name ?? null,
      upstreams: "any",
      root: true,
    });
    await storePassword(tx, userId, hash, now);
    const methods = ["link"] as const;
    const session = await openSession(tx, attempt, {
      userId,
      organizationId,
      stage: "full",
      methods,
      remember: false,
    });
    const { sessionId } = session;
    const { requestId, ip } = attempt;
    const actor = { actorKind: "person" as const, actorId: userId, actorName: email, authenticatedBy: "link" };
    await tx.insert(auditEntries).values(
      done.map(([inOrganization, action, object, changed]) => ({
        ...actor,
        auditId: newId("audit"),
        organizationId: inOrganization,
        sessionId,
        requestId,
        ip,
        action,
        outcome: "done" as const,
        objectKind: object.kind,
        objectId: object.id,
        objectName: object.name ?? null,
        changed: changed ?? null,
        createdAt: now,
      })),
    );
    const changed = { setUp: true, linkId: link.linkId };
    const person = { userId, email };
    await recordSignIn(tx, attempt, { outcome: "done", action: "auth.signIn", person, sessionId, methods, changed });
    return session;
  });
}

/** @throws Refusal `invalid_input` with the fields that are wrong */
function readForm(fields: Fields): SetUpByLink {
  const read = SetUpByLink.safeParse(fields);
  if (read.success) return read.data;
  const wrong = Object.fromEntries(read.error.issues.map(({ path, code }) => [path.join("."), code]));
  throw new Refusal("invalid_input", { fields: wrong });
}
