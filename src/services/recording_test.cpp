#include "services/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/recording_file.hpp"
#include "services/recording_testing.hpp"

namespace ats::services {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string_view form_of(std::string_view first_line) {
  const RecordingFormat* format = recognise(first_line);
  return format == nullptr ? "none" : format->name;
}

TEST(Recording, every_form_is_recognised_by_its_first_line) {
  EXPECT_EQ(form_of(R"({"t":"header","format":"frames-jsonl/1","venue":"kraken"})"),
            "frames-jsonl");
  EXPECT_EQ(form_of(R"(1723161253937085768 {"stream":"btcusdt@depth"})"), "ns-json");
  EXPECT_EQ(form_of("ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty"), "quotes-csv");
  EXPECT_EQ(form_of(R"([{"venue":"a","base":"B","quote":"C","bids":[],"asks":[]}])"), "books-json");
  EXPECT_EQ(form_of("["), "books-json");
  EXPECT_EQ(form_of(R"({"test":"trade::spot","raw":"[1]"})"), "fixtures");
  EXPECT_EQ(form_of(R"({"file": "x.json", "text": "{}"})"), "fixtures");
  EXPECT_EQ(form_of(R"({"channel":"heartbeat"})"), "frames");
  EXPECT_EQ(form_of(R"([204778,"hb"])"), "frames");
  EXPECT_EQ(form_of(R"([{"e":"24hrTicker","s":"BTCUSDT"}])"), "frames");
  EXPECT_EQ(form_of("exchange,symbol,timestamp,local_timestamp"), "none");
  EXPECT_EQ(form_of("exchange,symbol,timestamp,local_timestamp,id,side,price,amount"), "table-csv");
  EXPECT_EQ(form_of("date,last"), "table-csv");
  EXPECT_EQ(form_of("1723161253937085768"), "none");
  EXPECT_EQ(form_of("\x1f\x8b\x01"), "none");
}

TEST(Recording, every_form_has_one_reader) {
  for (const RecordingFormat& format : recording_formats()) {
    if (format.form == RecordingForm::Table) continue;  // by its layout: recording_table.hpp
    EXPECT_EQ(int{format.records != nullptr} + int{format.quotes != nullptr} +
                  int{format.books != nullptr},
              1)
        << format.name;
  }
}

TEST(Recording, frames_jsonl_lines_say_what_they_are) {
  const auto reader = recognise(R"({"t":"header"})")->records();
  const auto header = reader->read(R"({"t":"header","venue":"kraken"})");
  EXPECT_EQ((*header)->kind, RecordKind::Other);
  EXPECT_EQ((*header)->venue, "kraken");
  const auto frame = reader->read(R"({"t":"recv","ts_ns":17,"conn":"a.b","data":"{\"x\":1}"})");
  EXPECT_EQ((*frame)->kind, RecordKind::Frame);
  EXPECT_EQ((*frame)->ns, 17);
  EXPECT_EQ((*frame)->connection, "a.b");
  EXPECT_EQ((*frame)->data, R"({"x":1})");
  const auto rest = reader->read(R"({"t":"http","ts_ns":18,"url":"https://x/depth","data":"{}"})");
  EXPECT_EQ((*rest)->kind, RecordKind::Rest);
  EXPECT_EQ((*rest)->url, "https://x/depth");
  const auto connect = reader->read(R"({"t":"connect","ts_ns":19,"conn":"a","url":"wss://x"})");
  EXPECT_EQ((*connect)->kind, RecordKind::Connect);
  EXPECT_FALSE((*reader->read("")).has_value());
}

TEST(Recording, a_line_that_is_not_its_form_says_what_was_expected) {
  const auto jsonl = recognise(R"({"t":"header"})")->records();
  for (const char* line :
       {R"({"t":"recv","ts_ns":17,"data":"{\"x\":1}")", R"({"ts_ns":17,"data":"x"})",
        R"({"t":"lost","ts_ns":17,"data":"x"})", R"({"t":"recv","data":"x"})",
        R"({"t":"recv","ts_ns":-1,"data":"x"})", R"({"t":"recv","ts_ns":17})",
        R"({"t":"recv","ts_ns":17,"data":{}})",
        R"({"t":"recv","ts_ns":9223372036854775807,"data":""})", "[1]", "nonsense"}) {
    const auto record = jsonl->read(line);
    ASSERT_FALSE(record.ok()) << line;
    EXPECT_THAT(record.error(), HasSubstr("expected")) << line;
  }
  const auto ns = recognise("1 {}")->records();
  for (const char* line : {"{}", "0 {}", "-5 {}", "12", "12 ", "9223372036854775808 {}", " 1 {}"}) {
    const auto record = ns->read(line);
    ASSERT_FALSE(record.ok()) << line;
    EXPECT_THAT(record.error(), HasSubstr("expected <nanoseconds")) << line;
  }
  const auto fixtures = recognise(R"({"raw":"x"})")->records();
  EXPECT_FALSE(fixtures->read(R"({"raw":1})").ok());
  EXPECT_FALSE(fixtures->read("raw").ok());
}

TEST(Recording, the_depth_snapshot_between_the_frames_is_known_by_its_shape) {
  const auto ns = recognise("1 {}")->records();
  EXPECT_EQ((*ns->read(R"(5 {"lastUpdateId":7,"bids":[],"asks":[]})"))->kind, RecordKind::Rest);
  EXPECT_EQ((*ns->read(R"(5 {"stream":"x@depth5","data":{"lastUpdateId":7}})"))->kind,
            RecordKind::Frame);
  const auto fixtures = recognise(R"({"raw":"x"})")->records();
  EXPECT_EQ((*fixtures->read(R"({"text":"GET\n/v1/orderbook\nfalse\n[\n {}]"})"))->data, "[\n {}]");
  EXPECT_EQ((*fixtures->read(R"({"text":"> [{}]\n= \n{\"type\":1}"})"))->data, R"({"type":1})");
  EXPECT_EQ((*fixtures->read(R"({"text":"nothing"})"))->data, "nothing");
  EXPECT_EQ((*fixtures->read(R"({"raw":"{\n  \"lastUpdateId\": 1}"})"))->kind, RecordKind::Rest);
}

TEST(Recording, a_quote_row_is_exact) {
  const auto reader = recognise("ts_ns,venue")->quotes();
  EXPECT_FALSE((*reader->read("ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty")).has_value());
  const auto row =
      reader->read("1723161254087891268,a,BTCUSDT,61837.63000000,3.78826,61837.64,1e-7");
  ASSERT_TRUE(row.ok());
  EXPECT_EQ((*row)->ns, 1723161254087891268);
  EXPECT_EQ((*row)->venue, "a");
  EXPECT_EQ((*row)->symbol, "BTCUSDT");
  EXPECT_EQ((*row)->bid, Decimal::of("61837.63"));
  EXPECT_EQ((*row)->bid_quantity, Decimal::of("3.78826"));
  EXPECT_EQ((*row)->ask, Decimal::of("61837.64"));
  EXPECT_EQ((*row)->ask_quantity, Decimal::of("0.0000001"));
}

TEST(Recording, a_wrong_quote_row_says_what_was_expected) {
  const auto wrong = [](std::string_view row) {
    const auto reader = recognise("ts_ns,")->quotes();
    EXPECT_TRUE(reader->read("ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty").ok());
    EXPECT_TRUE(reader->read("5,a,b,1,1,2,1").ok());
    const auto read = reader->read(row);
    return read ? "read" : read.error();
  };
  EXPECT_EQ(wrong("5,a,b,1,1,2,1"), "read");
  EXPECT_THAT(wrong("6,a,b,1,1,2"), HasSubstr("expected 7 columns"));
  EXPECT_THAT(wrong("6,a,b,1,1,2,1,9"), HasSubstr("expected 7 columns"));
  EXPECT_THAT(wrong("x,a,b,1,1,2,1"), HasSubstr("ts_ns is \"x\""));
  EXPECT_THAT(wrong("4,a,b,1,1,2,1"), HasSubstr("in order of time"));
  EXPECT_THAT(wrong("6,,b,1,1,2,1"), HasSubstr("expected a venue"));
  EXPECT_THAT(wrong("6,a,b,,1,2,1"), HasSubstr("bid is \"\""));
  EXPECT_THAT(wrong("6,a,b,1,-1,2,1"), HasSubstr("bid_qty is \"-1\" (not above 0)"));
  EXPECT_THAT(wrong("6,a,b,1,1,0.0,1"), HasSubstr("ask is \"0.0\""));
  EXPECT_THAT(wrong("6,a,b,1,1,2,1.0000000000000000001"), HasSubstr("ask_qty"));
  EXPECT_THAT(recognise("ts_ns,")->quotes()->read("ts_ns,symbol,bid,ask").error(),
              HasSubstr("expected ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty"));
}

constexpr const char* two_books =
    R"([{"venue":"a","base":"BTC","quote":"USD","bids":[["99.5","1"],["99","2.5"]],"asks":[["100","0.00000001"]]},)"
    R"({"venue":"b","base":"BTC","quote":"USD","bids":[],"asks":[["1e2","3"]]}])";

TEST(Recording, a_document_of_books_is_exact) {
  const auto books = recognise("[{")->books(two_books);
  ASSERT_TRUE(books.ok());
  ASSERT_EQ(books->size(), 2u);
  EXPECT_EQ(books->front().venue, "a");
  EXPECT_EQ(books->front().bids[1].price, Decimal::of("99"));
  EXPECT_EQ(books->front().bids[1].quantity, Decimal::of("2.5"));
  EXPECT_EQ(books->front().asks[0].quantity, Decimal::of("0.00000001"));
  EXPECT_EQ(books->back().asks[0].price, Decimal::of("100"));
}

TEST(Recording, a_wrong_document_of_books_says_where_and_what_was_expected) {
  const auto wrong = [](std::string from, std::string to) {
    std::string document = two_books;
    const std::size_t at = document.find(from);
    EXPECT_NE(at, document.npos) << from;
    const auto books = recognise("[{")->books(document.replace(at, from.size(), to));
    return books ? "read" : books.error();
  };
  EXPECT_THAT(wrong(R"("99")", R"("99.5")"),
              HasSubstr("book 0 (a BTC/USD): bids[1]: price 99.5 after 99.5, expected best first"));
  EXPECT_THAT(wrong(R"("99")", R"("100")"), HasSubstr("expected best first"));
  EXPECT_THAT(wrong(R"("99")", "99"), HasSubstr("price: expected a decimal number as a string"));
  EXPECT_THAT(wrong(R"("99")", R"("9x")"), HasSubstr("bids[1]: price"));
  EXPECT_THAT(wrong(R"("2.5")", R"("0")"), HasSubstr("quantity: \"0\", expected a number above 0"));
  EXPECT_THAT(wrong(R"("2.5")", R"("-2.5")"), HasSubstr("above 0"));
  EXPECT_THAT(wrong(R"(["99","2.5"])", R"(["99"])"), HasSubstr("bids[1]: expected [\"price\""));
  EXPECT_THAT(wrong("\"asks\"", "\"offers\""), HasSubstr("no list \"asks\""));
  EXPECT_THAT(wrong("\"a\"", "7"), HasSubstr("book 0"));
  EXPECT_THAT(wrong("\"a\"", "\"a venue of a long name\""), HasSubstr("longer than 15"));
  EXPECT_THAT(wrong("\"b\"", "\"a\""), HasSubstr("book 1: a BTC/USD stands there twice"));
  EXPECT_THAT(wrong("}]", "}"), HasSubstr("not JSON"));
  EXPECT_THAT(recognise("[{")->books("{}").error(), StartsWith("not a list"));
}

std::vector<std::string> lines_of(const RecordingFile& file) {
  std::vector<std::string> found;
  auto lines = file.lines();
  EXPECT_TRUE(lines.ok());
  while (true) {
    const auto line = lines->next();
    if (!line) {
      found.push_back("error " + line.error());
      return found;
    }
    if (!*line) return found;
    found.emplace_back(**line);
  }
}

TEST(Recording, a_file_can_be_read_again_from_its_beginning) {
  const TemporaryFile plain("{\"channel\":\"heartbeat\"}\n{}\n");
  const auto file = RecordingFile::open(plain.path(), nullptr);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->format().name, "frames");
  EXPECT_THAT(lines_of(*file), testing::SizeIs(2));
  EXPECT_THAT(lines_of(*file), testing::SizeIs(2));
}

TEST(Recording, an_error_begins_with_file_and_line) {
  TemporaryFile file("");
  EXPECT_THAT(RecordingFile::open(file.path(), nullptr).error(),
              testing::AllOf(StartsWith(file.path()), HasSubstr("is empty")));
  file.write("\n\nhello\n");
  EXPECT_THAT(RecordingFile::open(file.path(), nullptr).error(),
              testing::AllOf(StartsWith(file.path() + ":3: \"hello\""), HasSubstr("quotes-csv")));
  const std::string packed = gzip("{\"channel\":\"heartbeat\"}\n{}\n");
  file.write(packed.substr(0, packed.size() - 3));
  const auto cut = RecordingFile::open(file.path(), nullptr);
  ASSERT_TRUE(cut.ok()) << "its first line is whole";
  EXPECT_THAT(lines_of(*cut).back(), HasSubstr(file.path() + ":3: damaged at byte"));
  EXPECT_THAT(RecordingFile::open("no/such/file", nullptr).error(), StartsWith("no/such/file: "));
}

}  // namespace
}  // namespace ats::services
