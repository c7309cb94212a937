#include "security/vault_contents.hpp"

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"

namespace ats::security {
namespace {

constexpr std::uint16_t contents_version = 1;
constexpr std::size_t venue_max = 31;

// Counts with nowhere to write, then writes the same: the plain bytes exist once, in locked memory.
class Writer {
 public:
  explicit Writer(std::uint8_t* out) : out_(out) {}
  template <class T>
  Writer& value(T value) {
    static_assert(std::is_integral_v<T>);
    return raw(&value, sizeof value);
  }
  Writer& text(std::string_view text) {
    value(static_cast<std::uint16_t>(text.size()));
    return raw(text.data(), text.size());
  }
  std::size_t size() const { return size_; }

 private:
  Writer& raw(const void* data, std::size_t size) {
    if (out_ != nullptr && size != 0) std::memcpy(out_ + size_, data, size);
    size_ += size;
    return *this;
  }

  std::uint8_t* out_;
  std::size_t size_ = 0;
};

void write(Writer& out, const VaultContents& contents) {
  out.value(contents_version);
  out.value(static_cast<std::uint16_t>(contents.entries().size()));
  for (const VaultEntry& entry : contents.entries()) {
    out.text(entry.venue).text(entry.label);
    out.text(entry.key.reveal()).text(entry.secret.reveal());
    out.value(entry.added.ns_utc).value(entry.checked.ns_utc);
    const KeyRights& rights = entry.rights;
    for (const Answer answer :
         {rights.read, rights.trade, rights.withdraw, rights.transfer, rights.address_bound}) {
      out.value(static_cast<std::uint8_t>(answer));
    }
    out.value(rights.expires.ns_utc).value(entry.withdrawal_accepted.ns_utc);
  }
}

std::string_view read_text(ByteReader& in) {
  const auto bytes = in.raw(in.value<std::uint16_t>());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// False: no Answer has that number.
bool read_answer(ByteReader& in, Answer& answer) {
  const auto number = in.value<std::uint8_t>();
  answer = static_cast<Answer>(number);
  return number <= static_cast<std::uint8_t>(Answer::Yes);
}

bool read_entry(ByteReader& in, VaultEntry& entry) {
  entry.venue = read_text(in);
  entry.label = read_text(in);
  entry.key = SecretText(read_text(in));
  entry.secret = SecretText(read_text(in));
  in.value(entry.added.ns_utc);
  in.value(entry.checked.ns_utc);
  KeyRights& rights = entry.rights;
  for (Answer* answer :
       {&rights.read, &rights.trade, &rights.withdraw, &rights.transfer, &rights.address_bound}) {
    if (!read_answer(in, *answer)) return false;
  }
  in.value(rights.expires.ns_utc);
  in.value(entry.withdrawal_accepted.ns_utc);
  return !in.failed();
}

}  // namespace

const char* name(KeyVerdict verdict) {
  switch (verdict) {
    case KeyVerdict::Sound:
      return "sound";
    case KeyVerdict::Accepted:
      return "accepted";
    case KeyVerdict::Unchecked:
      return "unchecked";
    case KeyVerdict::CanWithdraw:
      return "can_withdraw";
    case KeyVerdict::Unproven:
      return "unproven";
  }
  return "?";
}

KeyVerdict verdict(const VaultEntry& entry) {
  if (!entry.checked.told()) return KeyVerdict::Unchecked;
  if (entry.rights.withdraw == Answer::No) return KeyVerdict::Sound;
  if (entry.withdrawal_accepted.told()) return KeyVerdict::Accepted;
  return entry.rights.withdraw == Answer::Yes ? KeyVerdict::CanWithdraw : KeyVerdict::Unproven;
}

const VaultEntry* VaultContents::find(std::string_view venue) const {
  const auto at = std::ranges::lower_bound(entries_, venue, {}, &VaultEntry::venue);
  return at != entries_.end() && at->venue == venue ? &*at : nullptr;
}

VaultEntry* VaultContents::find(std::string_view venue) {
  return const_cast<VaultEntry*>(std::as_const(*this).find(venue));
}

bool VaultContents::put(VaultEntry entry) {
  if (entry.venue.empty() || entry.venue.size() > venue_max || entry.label.size() > key_label_max ||
      entry.key.empty() || entry.key.size() > api_key_max || entry.secret.empty() ||
      entry.secret.size() > api_secret_max) {
    return false;
  }
  if (VaultEntry* held = find(entry.venue)) {
    *held = std::move(entry);
    return true;
  }
  if (entries_.size() == vault_keys_max) return false;
  const auto at = std::ranges::lower_bound(entries_, entry.venue, {}, &VaultEntry::venue);
  entries_.insert(at, std::move(entry));
  return true;
}

bool VaultContents::remove(std::string_view venue) {
  return std::erase_if(entries_, [&](const VaultEntry& entry) { return entry.venue == venue; }) > 0;
}

Secret encode(const VaultContents& contents) {
  Writer counted(nullptr);
  write(counted, contents);
  Secret bytes(counted.size());
  Writer written(bytes.bytes().data());
  write(written, contents);
  return bytes;
}

Result<VaultContents, VaultError> decode_contents(const Secret& bytes) {
  ByteReader in(bytes.reveal());
  if (in.value<std::uint16_t>() != contents_version) return fail(VaultError::BadContents);
  const auto count = in.value<std::uint16_t>();
  VaultContents contents;
  for (std::uint16_t i = 0; i < count; ++i) {
    VaultEntry entry;
    if (!read_entry(in, entry)) return fail(VaultError::BadContents);
    // In order and once, so that the same keys are always the same bytes.
    if (!contents.entries().empty() && contents.entries().back().venue >= entry.venue)
      return fail(VaultError::BadContents);
    if (!contents.put(std::move(entry))) return fail(VaultError::BadContents);
  }
  if (!in.finished()) return fail(VaultError::BadContents);
  return contents;
}

}  // namespace ats::security
