// Emoji by name: `:tada:`. A message has the name; only the screen shows the emoji. Not used in code.

/** The names that other chat systems use. */
const TABLE = `
smile 😄 grin 😁 joy 😂 wink 😉 blush 😊 heart_eyes 😍 sunglasses 😎 thinking 🤔 smirk 😏 neutral_face 😐 confused 😕
cry 😢 sob 😭 angry 😠 rage 😡 scream 😱 flushed 😳 sleeping 😴 tired_face 😫 sweat_smile 😅 upside_down 🙃 exploding_head 🤯
facepalm 🤦 shrug 🤷 wave 👋 +1 👍 -1 👎 ok_hand 👌 clap 👏 raised_hands 🙌 pray 🙏 muscle 💪 point_up ☝️ crossed_fingers 🤞
handshake 🤝 eyes 👀 brain 🧠 heart ❤️ broken_heart 💔 fire 🔥 sparkles ✨ star ⭐ zap ⚡ tada 🎉 rocket 🚀 bug 🐛 crab 🦀
coffee ☕ tea 🍵 beer 🍺 pizza 🍕 cake 🍰 sunny ☀️ rain 🌧️ snowflake ❄️ rainbow 🌈 moon 🌙 warning ⚠️ check ✅ x ❌
question ❓ exclamation ❗ bulb 💡 lock 🔒 key 🔑 hourglass ⌛ memo 📝 wrench 🔧 package 📦 skull 💀
`;

/** @type {Map<string, string>} */
export const EMOJI = new Map(Array.from(TABLE.matchAll(/(\S+) (\S+)/g), ([, name = "", picture = ""]) => [name, picture]));

/**
 * Replaces the names of emoji in a text. A name has to begin and end a word, or follow another emoji:
 * not in `std::fire::x` and `12:30:x`.
 * @param {string} text
 */
export function replaceEmoji(text) {
  let shown = "";
  let done = 0;
  for (const { 0: name, index } of text.matchAll(/:[a-z0-9_+-]{1,24}:/g)) {
    const picture = EMOJI.get(name.slice(1, -1));
    const end = index + name.length;
    const isApart = (index === done && shown !== "") || !/[\w:]/.test(text[index - 1] ?? "");
    if (!picture || !isApart || /\w/.test(text[end] ?? "")) continue;
    shown += text.slice(done, index) + picture;
    done = end;
  }
  return shown + text.slice(done);
}
