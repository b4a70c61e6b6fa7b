import { eq } from "drizzle-orm";
import { users } from "#drizzle/members";
import { passwords } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import { type Limit, take } from "#src/identity/limits";
import { insertLink, linkUrl } from "#src/identity/links";
import { unusablePassword } from "#src/identity/passwords";
import { recordRefusedSignIn, recordSignIn } from "#src/identity/sign-in/record-sign-in";
import { noSoonerThan } from "#src/identity/sign-in/response-floor";
import { type Visitor, visitorOperation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { type Mail, MailFailed } from "#src/platform/mail";
import { RequestedPasswordReset, RequestPasswordReset } from "./contract";

const requestsOfAddress = { name: "password-reset:ip", attempts: 5, windowSeconds: 900 } as const satisfies Limit;

/** Counted for every e-mail address, whether or not an account has it. */
const requestsOfAccount = {
  name: "password-reset:account",
  attempts: 3,
  windowSeconds: 3_600,
} as const satisfies Limit;

const action = "auth.requestPasswordReset";

/**
 * Sends a person a link to choose a new password, for half an hour, if a mail server is configured. The response has the
 * same content and the same duration for every e-mail address, and does not wait for the mail server. People without a
 * password get no link: they sign in another way, or an operator has removed their password.
 * @throws Refusal `mail_not_configured` | `rate_limited`
 */
export const requestPasswordReset = visitorOperation(
  {
    name: action,
    summary: "Send a person who forgot their password a link to choose a new one",
    input: RequestPasswordReset,
    output: RequestedPasswordReset,
    errors: ["mail_not_configured"],
    rest: { method: "POST", path: "/sign-in/password-reset" },
  },
  async (visitor, { email }) => {
    const { runtime, ip } = visitor;
    if (runtime.mailer === null) throw new Refusal("mail_not_configured");
    await take(runtime, requestsOfAddress, ip ?? "unknown");
    // People type other text into this field: the limit keeps a keyed hash.
    await take(runtime, requestsOfAccount, runtime.signer.sign("limit", email));
    const url = await noSoonerThan(runtime.signIn.responseFloorMs, () => createLink(visitor, email));
    if (url !== null) void send(visitor, { email, url });
    return { accepted: true as const };
  },
);

/** @returns the link; null for an address whose owner gets none */
async function createLink(visitor: Visitor, email: string): Promise<string | null> {
  const { runtime, requestId, ip } = visitor;
  const attempt = { runtime, requestId, ip, record: { isWritten: false } };
  const person = await runtime.database.transaction("identity", null, (tx) => findPerson(tx, email));
  if (person === null || !person.hasPassword) {
    const reason = person === null ? "unknown_account" : "no_password";
    await recordRefusedSignIn(attempt, { action, reason, person, methods: [] });
    return null;
  }
  return runtime.database.transaction("identity", null, async (tx) => {
    const { userId } = person;
    const { clock, random, signIn } = runtime;
    const link = await insertLink(tx, { userId, purpose: "password" }, { now: clock.now(), random });
    const changed = { linkId: link.linkId };
    await recordSignIn(tx, attempt, { outcome: "done", action, person, methods: [], changed });
    return linkUrl(signIn.publicOrigin, link.token);
  });
}

async function findPerson(tx: Transaction, email: string) {
  const [row] = await tx
    .select({ userId: users.userId, email: users.email, hash: passwords.hash })
    .from(users)
    .leftJoin(passwords, eq(passwords.userId, users.userId))
    .where(eq(users.email, email));
  if (!row) return null;
  const { userId, hash } = row;
  return { userId, email: row.email, hasPassword: hash !== null && hash !== unusablePassword };
}

/** The response has been sent. The person can ask again if no message arrives. */
async function send({ runtime, requestId }: Visitor, link: { readonly email: string; readonly url: string }) {
  const { mailer, log }: Pick<Runtime, "mailer" | "log"> = runtime;
  try {
    await mailer?.send(passwordResetMail(link));
  } catch (error) {
    const problem = error instanceof MailFailed ? error.problem : "unexpected";
    log.warn({ requestId, problem }, "a link to reset a password could not be sent");
  }
}

/** The message names nothing that its sender typed, except its address. */
export function passwordResetMail({ email, url }: { readonly email: string; readonly url: string }): Mail {
  return {
    to: email,
    subject: "Reset your Portcullis password",
    text: [
      "A request was made to reset the password of the Portcullis account with this e-mail address.",
      "",
      "Open this link to choose a new password. It works once, within 30 minutes. Your other sessions end then:",
      "",
      url,
      "",
      "If you did not make this request, ignore this message. Your password stays as it is.",
      "",
    ].join("\n"),
  };
}
