import { checkpoint, checkpointOfInstallation } from "./checkpoint";
import { list, listOfInstallation } from "./list";
import { one } from "./one";
import { verify, verifyOfInstallation } from "./verify";

export const audit = {
  one,
  list,
  verify,
  checkpoint,
  installation: { list: listOfInstallation, verify: verifyOfInstallation, checkpoint: checkpointOfInstallation },
};
