// What people do through the dashboard's API: halts, limits, acknowledgements. Asked of the source, with what was there
// before, and written into the audit log: that it is asked, and what came of it.
//
// Invariants: what takes two persons (access.four_eyes) is kept as an approval, and nobody is asked for it until a second
// person, who may do it too, has agreed. What cannot be written into the audit log is not done, but for a halt. What an act's
// answer says was done, was done; when the source did not answer, the answer says that nobody knows. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "services/access.hpp"
#include "services/api_source.hpp"
#include "services/api_table.hpp"

namespace ats::services {

struct ApiAct {
  const ApiMethod* method = nullptr;
  ApiParameters fields;    // of the path
  std::string body;        // JSON
  std::string request_id;  // the same again acts once
  std::string engine;      // which of several; empty: the first
};
// As an approval keeps it. Nothing: it is none.
std::string act_text(const ApiAct& act);
std::optional<ApiAct> read_act(std::string_view text);

class DashboardActs {
 public:
  // Null: there is nobody to ask.
  using FindSource = std::function<ApiSource*(AskedAt, const std::string& engine)>;
  // As OsClock, for what is written down.
  using Wall = WallTime (*)();

  DashboardActs(FindSource find, Wall wall) : find_(std::move(find)), wall_(wall) {}
  // Before anything is carried out; outlives it.
  void use(Access& access) { access_ = &access; }

  // `caller` may do it, and has proved to be no foreign page.
  void carry_out(const Caller& caller, ApiAct act, Answer answer);
  // What `approval` keeps, to which `approver` has agreed.
  void carry_out(const Approval& approval, const Caller& approver, Answer answer);

 private:
  struct Doing;
  void look(const std::shared_ptr<Doing>& doing);
  void weigh(const std::shared_ptr<Doing>& doing, const std::string& now_is);
  void send(const std::shared_ptr<Doing>& doing);
  bool write_down(const Doing& doing, const std::string& outcome) const;

  FindSource find_;
  Wall wall_;
  Access* access_ = nullptr;
};

}  // namespace ats::services
