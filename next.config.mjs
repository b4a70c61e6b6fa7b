/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  devIndicators: false,
  // Types are checked by `npm run types`; TypeScript 7 has a command line and no API.
  typescript: { ignoreBuildErrors: true, tsconfigPath: "src/app/tsconfig.json" },
  experimental: { useTypeScriptCli: true },
  // The production server bundles the rest of src by itself; Next builds what src/app and src/console see.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};
