import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { html, scriptJson, visible } from "../../plots/text.ts";

const anyText = fc.string({ unit: "binary" });

test("what cannot be seen is shown as an escape", () => {
  assert.equal(visible("a\nb\tc\x1b[31m"), "a\\nb\\tc\\x1b[31m");
  assert.equal(visible("cod\u202egnp.exe"), "cod\\u{202e}gnp.exe");
  assert.equal(visible("\ud800x"), "\\u{d800}x");
  assert.equal(visible("naïve 日本 😀"), "naïve 日本 😀");
});

test("no text leaves an invisible character or half a surrogate pair", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff)), (units) => {
      const shown = visible(String.fromCharCode(...units));
      assert.ok(!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(shown));
    }),
  );
});

test("no text can open a tag, an entity or leave a quoted attribute", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.ok(!/[<>"']|&(?!(amp|lt|gt|quot|#39);)/.test(html(text)));
    }),
  );
});

test("JSON in a script element holds no < and reads back as it was", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const block = scriptJson({ text: `</script><!--${text}` });
      assert.ok(!block.includes("<"));
      assert.equal(JSON.parse(block).text, `</script><!--${text}`);
    }),
  );
});
