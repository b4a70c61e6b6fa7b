import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";

/** The part of the creation options that an authenticator reads. */
interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

/** How an authenticator, or the page that uses it, differs from a correct one. */
export interface Odd {
  /** The origin of the page that sends the request. */
  readonly origin?: string;
  /** The relying party for which the authenticator signs. */
  readonly rpId?: string;
  /** Leaves out the flag that says that the authenticator has verified the person. */
  readonly unverified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string | null;
  readonly crossOrigin?: boolean;
  readonly type?: string;
  /** Signs with another key. */
  readonly forged?: boolean;
}

/** An authenticator in software, with one passkey (ES256), and the browser in front of it. */
export interface Authenticator {
  readonly credentialId: string;
  /** Creates the passkey, and answers like `navigator.credentials.create`, with attestation `none`. */
  create(options: CreationOptions, odd?: Odd): object;
  /** Signs, and answers like `navigator.credentials.get`. Increases the counter by one. */
  get(options: RequestOptions, odd?: Odd): object;
  /** The state with which another process can continue to use it. */
  kept(): KeptAuthenticator;
}

export interface KeptAuthenticator {
  readonly credentialId: string;
  /** PKCS#8, PEM. */
  readonly privateKey: string;
  readonly userHandle: string | null;
  readonly counter: number;
}

const present = 0x01;
const verified = 0x04;
const withCredential = 0x40;

/**
 * @param origin the origin of the page that uses it
 * @param earlier the authenticator to continue with; without it, a new one is created
 */
export function openAuthenticator(origin: string, earlier?: KeptAuthenticator): Authenticator {
  const privateKey = earlier
    ? createPrivateKey(earlier.privateKey)
    : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const publicKey = createPublicKey(privateKey);
  const id = earlier ? Buffer.from(earlier.credentialId, "base64url") : randomBytes(32);
  const credentialId = id.toString("base64url");
  let counter = earlier?.counter ?? 0;
  let userHandle = earlier?.userHandle ?? null;

  const clientData = (type: string, challenge: string, odd: Odd) =>
    Buffer.from(
      JSON.stringify({
        type: odd.type ?? type,
        challenge,
        origin: odd.origin ?? origin,
        crossOrigin: odd.crossOrigin ?? false,
      }),
    );
  const authenticatorData = (rpId: string, odd: Odd, credential: Buffer = Buffer.alloc(0)) => {
    const flags = present | (odd.unverified ? 0 : verified) | (credential.length > 0 ? withCredential : 0);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(odd.counter ?? counter);
    return Buffer.concat([sha256(odd.rpId ?? rpId), Buffer.from([flags]), count, credential]);
  };
  const shown = (response: Record<string, unknown>) => ({
    id: credentialId,
    rawId: credentialId,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: {},
    response,
  });

  return {
    credentialId,
    create({ challenge, rp, user }, odd = {}) {
      userHandle = user.id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const credential = Buffer.concat([Buffer.alloc(16), length, id, coseKey(publicKey)]);
      const authData = new Uint8Array(authenticatorData(rp.id, odd, credential));
      const attestation = isoCBOR.encode(
        new Map<string, string | Uint8Array | Map<string, never>>([
          ["fmt", "none"],
          ["attStmt", new Map<string, never>()],
          ["authData", authData],
        ]),
      );
      return shown({
        clientDataJSON: clientData("webauthn.create", challenge, odd).toString("base64url"),
        attestationObject: Buffer.from(attestation).toString("base64url"),
        transports: ["internal"],
      });
    },
    get({ challenge, rpId }, odd = {}) {
      counter += 1;
      const client = clientData("webauthn.get", challenge, odd);
      const data = authenticatorData(rpId, odd);
      const key = odd.forged ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : privateKey;
      return shown({
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature: sign("sha256", Buffer.concat([data, sha256(client)]), key).toString("base64url"),
        userHandle: odd.userHandle === undefined ? userHandle : odd.userHandle,
      });
    },
    kept: () => ({
      credentialId,
      privateKey: String(privateKey.export({ type: "pkcs8", format: "pem" })),
      userHandle,
      counter,
    }),
  };
}

function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}

/** RFC 9053: an EC2 key on P-256 for ES256. */
function coseKey(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return Buffer.from(
    isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, new Uint8Array(Buffer.from(x, "base64url"))],
        [-3, new Uint8Array(Buffer.from(y, "base64url"))],
      ]),
    ),
  );
}
