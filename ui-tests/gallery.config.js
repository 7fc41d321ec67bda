// npm run gallery: the same stack as for the tests, and tests/gallery.ts, which takes pictures.
const config = require('./playwright.config.js');

module.exports = {
  ...config,
  testMatch: 'gallery.ts',
  timeout: 600_000,
  reporter: 'list'
};
