import { providers } from "../providers/list-buttons";
import { changePassword } from "./change-password";
import { link } from "./link";
import { challengePasskey } from "./passkeys/challenge";
import { enrolPasskey } from "./passkeys/enrol";
import { passkeyEnrolOptions } from "./passkeys/enrol-options";
import { listPasskeys } from "./passkeys/list";
import { removePasskey } from "./passkeys/remove";
import { renamePasskey } from "./passkeys/rename";
import { renewRecoveryCodes } from "./recovery-codes/renew";
import { requestPasswordReset } from "./request-password-reset";
import { secondFactors } from "./second-factors";
import { session } from "./session";
import { listSessions } from "./sessions/list";
import { revokeSession } from "./sessions/revoke";
import { revokeAllSessions } from "./sessions/revoke-all";
import { setActiveOrganization } from "./set-active-organization";
import { confirmTotp } from "./totp/confirm";
import { enrolTotp } from "./totp/enrol";
import { removeTotp } from "./totp/remove";

export const auth = {
  session,
  secondFactors,
  link,
  requestPasswordReset,
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
