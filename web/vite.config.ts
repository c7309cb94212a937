// Every asset is a file of its own with a hashed name: the page is served under a policy that allows no inline script or
// style and nothing from elsewhere, so nothing is inlined and no module is preloaded by a script in the page.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  test: { include: ["src/**/*_test.ts"], environment: "node" },
});
