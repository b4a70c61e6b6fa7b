import { z } from "zod";
import { IdInput, Moment, Name, Secret } from "./fields";

/**
 * The proof for a change of a person's own factors: the password, a code of the authenticator, or a recovery code. It
 * is not needed within ten minutes of the sign-in, unless an operation states otherwise.
 */
const proof = {
  password: z.string().min(1).max(1_000).optional(),
  code: z.string().min(1).max(100).optional(),
};

const Code = z.string().min(1).max(100);

export const SecondFactorsInput = z.strictObject({}).prefault({});

/** The factors that a person has enrolled. */
export const SecondFactors = z.object({
  totp: z.boolean(),
  passkeys: z.number().int(),
  /** The number of unused codes. */
  recoveryCodes: z.number().int(),
});
export type SecondFactors = z.infer<typeof SecondFactors>;

export const EnrolTotp = z.strictObject(proof).prefault({});
export type EnrolTotp = z.infer<typeof EnrolTotp>;

/**
 * Only this response contains the secret. It takes effect when `auth.totp.confirm` receives a code of it within half an
 * hour.
 */
export const EnrolledTotp = z.object({
  /** Base 32, for typing. */
  secret: Secret,
  /** `otpauth://totp/…` */
  url: Secret,
  /** The same as an image: `data:image/svg+xml;base64,…`. */
  qrCode: Secret,
});
export type EnrolledTotp = z.infer<typeof EnrolledTotp>;

export const ConfirmTotp = z.strictObject({ code: Code });
export type ConfirmTotp = z.infer<typeof ConfirmTotp>;

/** Only this response contains the codes; each works once. Earlier codes become invalid. */
export const NewRecoveryCodes = z.object({ recoveryCodes: z.array(Secret) });
export type NewRecoveryCodes = z.infer<typeof NewRecoveryCodes>;

/** The password or a code is always required. */
export const RemoveTotp = z.strictObject(proof).prefault({});
export type RemoveTotp = z.infer<typeof RemoveTotp>;

export const RenewRecoveryCodes = z.strictObject(proof).prefault({});
export type RenewRecoveryCodes = z.infer<typeof RenewRecoveryCodes>;

/** Bytes in base64url, as browsers send them. */
const Bytes = z
  .string()
  .max(16_384)
  .regex(/^[\w-]+$/);
const CredentialId = z
  .string()
  .max(1_400)
  .regex(/^[\w-]+$/);
const Transports = z.array(z.string().regex(/^[a-z-]{1,20}$/)).max(10);

const Descriptor = z.object({
  id: z.string(),
  type: z.literal("public-key"),
  transports: z.array(z.string()).optional(),
});

export const PasskeyChallengeInput = z
  .strictObject({
    /**
     * True after the password, in the session that waits for the second factor: only that person's passkeys are then
     * accepted.
     */
    secondFactor: z.boolean().default(false),
  })
  .prefault({});
export type PasskeyChallengeInput = z.infer<typeof PasskeyChallengeInput>;

/**
 * For `navigator.credentials.get`, in the form of `PublicKeyCredential.parseRequestOptionsFromJSON`. It works once,
 * within five minutes.
 */
export const PasskeyChallenge = z.object({
  challenge: z.string(),
  timeout: z.number(),
  rpId: z.string(),
  allowCredentials: z.array(Descriptor),
  userVerification: z.literal("required"),
});
export type PasskeyChallenge = z.infer<typeof PasskeyChallenge>;

export const PasskeyEnrolOptionsInput = z.strictObject(proof).prefault({});
export type PasskeyEnrolOptionsInput = z.infer<typeof PasskeyEnrolOptionsInput>;

/**
 * For `navigator.credentials.create`, in the form of `PublicKeyCredential.parseCreationOptionsFromJSON`. It works once,
 * within five minutes.
 */
export const PasskeyEnrolOptions = z.object({
  challenge: z.string(),
  timeout: z.number(),
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ alg: z.number(), type: z.literal("public-key") })),
  excludeCredentials: z.array(Descriptor),
  authenticatorSelection: z.object({
    residentKey: z.literal("required"),
    requireResidentKey: z.literal(true),
    userVerification: z.literal("required"),
  }),
  attestation: z.literal("none"),
});
export type PasskeyEnrolOptions = z.infer<typeof PasskeyEnrolOptions>;

/** The result of `navigator.credentials.create` as JSON, without fields that are not needed. */
export const PasskeyEnrolment = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: Bytes, attestationObject: Bytes, transports: Transports.default([]) }),
});
export type PasskeyEnrolment = z.infer<typeof PasskeyEnrolment>;

/** The result of `navigator.credentials.get` as JSON. */
export const PasskeyAssertion = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: Bytes,
    authenticatorData: Bytes,
    signature: Bytes,
    userHandle: Bytes.nullish(),
  }),
});
export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>;

export const EnrolPasskey = z.strictObject({ response: PasskeyEnrolment, name: Name });
export type EnrolPasskey = z.infer<typeof EnrolPasskey>;

export const Passkey = z.object({
  passkeyId: z.string(),
  name: z.string(),
  createdAt: Moment,
  lastUsedAt: Moment.nullable(),
  /** Whether the passkey is backed up or synchronized. */
  backedUp: z.boolean(),
});
export type Passkey = z.infer<typeof Passkey>;

/** `recoveryCodes` are set only in the response to the enrolment of a person's first factor. */
export const EnrolledPasskey = Passkey.extend({ recoveryCodes: z.array(Secret).nullable() });
export type EnrolledPasskey = z.infer<typeof EnrolledPasskey>;

export const ListPasskeys = z.strictObject({}).prefault({});

/** All passkeys of a person, newest first, 20 at most. */
export const PasskeyList = z.object({ items: z.array(Passkey) });
export type PasskeyList = z.infer<typeof PasskeyList>;

export const RenamePasskey = z.strictObject({ passkeyId: IdInput, name: Name });
export type RenamePasskey = z.infer<typeof RenamePasskey>;

export const RemovePasskey = z.strictObject({ passkeyId: IdInput, ...proof });
export type RemovePasskey = z.infer<typeof RemovePasskey>;

export const PasskeyById = z.object({ passkeyId: z.string() });
export type PasskeyById = z.infer<typeof PasskeyById>;
