#include "security/store_key.hpp"

#include <gtest/gtest.h>

namespace ats::security {
namespace {

StoreKey key_of(char seed) { return StoreKey(Secret::of(std::string(32, seed))); }

TEST(StoreKey, WhatIsSealedOpensUnderTheSameKeyForTheSamePlaceAlone) {
  const StoreKey key = key_of('a');
  const std::string sealed = key.seal("JBSWY3DP", "totp alice", {1});
  const auto opened = key.unseal(sealed, "totp alice");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), "JBSWY3DP");
  EXPECT_FALSE(key.unseal(sealed, "totp bob"));
  EXPECT_FALSE(key_of('b').unseal(sealed, "totp alice"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(key.unseal(changed, "totp alice")) << i;
  }
  for (const char* none : {"", "A", "not base64!"}) EXPECT_FALSE(key.unseal(none, "totp alice"));
}

TEST(StoreKey, AMarkDependsOnItsKeyItsUseAndWhereItsPartsEnd) {
  const StoreKey key = key_of('a');
  const std::string_view one[] = {"ab", "c"}, other[] = {"a", "bc"}, whole[] = {"abc"};
  const std::string mark = key.mark(MarkUse::Audit, one);
  EXPECT_EQ(mark, key.mark(MarkUse::Audit, one));
  EXPECT_NE(mark, key.mark(MarkUse::Audit, other));
  EXPECT_NE(mark, key.mark(MarkUse::Audit, whole));
  EXPECT_NE(mark, key.mark(MarkUse::Csrf, one));
  EXPECT_NE(mark, key_of('b').mark(MarkUse::Audit, one));
}

TEST(StoreKey, ItsFileReadsBackAndNothingElseIsOne) {
  const StoreKey key = key_of('a');
  const Secret text = key.text();
  const auto read = StoreKey::read(text.reveal());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text().reveal(), text.reveal());
  std::string wrong(text.reveal());
  wrong[20] = 'g';
  EXPECT_FALSE(StoreKey::read(wrong));
  EXPECT_FALSE(StoreKey::read(text.reveal().substr(0, 40)));
  EXPECT_FALSE(StoreKey::read(""));
}

}  // namespace
}  // namespace ats::security
