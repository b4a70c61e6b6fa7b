import { providers } from "../providers/list-buttons";
import { changePassword } from "./change-password";
import { secondFactors } from "./get-second-factors";
import { session } from "./get-session";
import { listSessions } from "./list-sessions";
import { link } from "./look-at-link";
import { challengePasskey } from "./passkeys/challenge-passkey";
import { enrolPasskey } from "./passkeys/enrol-passkey";
import { listPasskeys } from "./passkeys/list-passkeys";
import { passkeyEnrolOptions } from "./passkeys/passkey-enrol-options";
import { removePasskey } from "./passkeys/remove-passkey";
import { renamePasskey } from "./passkeys/rename-passkey";
import { renewRecoveryCodes } from "./recovery-codes/renew-recovery-codes";
import { revokeAllSessions } from "./revoke-all-sessions";
import { revokeSession } from "./revoke-session";
import { setActiveOrganization } from "./set-active-organization";
import { confirmTotp } from "./totp/confirm-totp";
import { enrolTotp } from "./totp/enrol-totp";
import { removeTotp } from "./totp/remove-totp";

export const auth = {
  session,
  secondFactors,
  link,
  setActiveOrganization,
  providers,
  sessions: { list: listSessions, revoke: revokeSession, revokeAll: revokeAllSessions },
  password: { change: changePassword },
  totp: { enrol: enrolTotp, confirm: confirmTotp, remove: removeTotp },
  recoveryCodes: { renew: renewRecoveryCodes },
  passkeys: {
    challenge: challengePasskey,
    enrolOptions: passkeyEnrolOptions,
    enrol: enrolPasskey,
    list: listPasskeys,
    rename: renamePasskey,
    remove: removePasskey,
  },
};
