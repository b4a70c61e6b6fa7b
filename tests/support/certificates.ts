import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;

/** Creates a self-signed certificate for `localhost` and 127.0.0.1 with the command `openssl`. */
export function makeCertificate(folder: string, name: string, validity: { from: string; to: string }) {
  const place = join(folder, name);
  mkdirSync(place);
  const [key, certificate] = [join(place, "key.pem"), join(place, "certificate.pem")];
  writeFileSync(join(place, "index"), "");
  writeFileSync(
    join(place, "config"),
    `[ca]
default_ca = own
[own]
database = ${place}/index
new_certs_dir = ${place}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost,IP:127.0.0.1
basicConstraints = CA:true
[req]
distinguished_name = none
[none]
`,
  );
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: place, stdio: "pipe" });
  const request = join(place, "request.pem");
  openssl(
    "req",
    "-new",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    request,
    "-subj",
    "/CN=localhost",
    "-config",
    "config",
  );
  openssl(
    "ca",
    "-batch",
    "-selfsign",
    "-config",
    "config",
    "-keyfile",
    key,
    "-in",
    request,
    "-out",
    certificate,
    "-notext",
    "-startdate",
    validity.from,
    "-enddate",
    validity.to,
  );
  return { key, certificate };
}
