#include "sim/assets.hpp"

#include <algorithm>
#include <array>

namespace ats::sim {
namespace {

constexpr std::array models = {
    AssetModel{"USDT", "1", 0, 1, true},
    AssetModel{"USD", "1", 0, 1, true},
    AssetModel{"USDC", "1", 0, 1, true},
    AssetModel{"EUR", "1.09", 0, 1, true},
    AssetModel{"KRW", "0.000725", 0, 1, true},
    AssetModel{"BTC", "61700", 1, 1, false},
    AssetModel{"ETH", "2680", 1.25, 0.5, false},
    AssetModel{"SOL", "163", 1.6, 0.2, false},
    AssetModel{"XRP", "0.61", 1.6, 0.2, false},
    AssetModel{"DOGE", "0.107", 1.8, 0.2, false},
    AssetModel{"ADA", "0.34", 1.6, 0.1, false},
    AssetModel{"AVAX", "22.1", 1.7, 0.1, false},
    AssetModel{"LINK", "10.4", 1.6, 0.1, false},
    AssetModel{"DOT", "4.62", 1.6, 0.1, false},
    AssetModel{"LTC", "60.3", 1.3, 0.1, false},
    AssetModel{"BCH", "345", 1.5, 0.1, false},
    AssetModel{"TRX", "0.128", 1, 0.1, false},
    AssetModel{"XLM", "0.099", 1.4, 0.05, false},
    AssetModel{"ATOM", "4.65", 1.6, 0.05, false},
    AssetModel{"UNI", "5.9", 1.7, 0.05, false},
    AssetModel{"NEAR", "4.1", 1.8, 0.05, false},
    AssetModel{"ETC", "19.2", 1.5, 0.05, false},
    AssetModel{"FIL", "3.71", 1.7, 0.05, false},
    AssetModel{"APT", "6.05", 1.8, 0.05, false},
    AssetModel{"ARB", "0.56", 1.9, 0.05, false},
    AssetModel{"SUI", "0.87", 2, 0.05, false},
    AssetModel{"SHIB", "0.0000139", 1.9, 0.05, false},
    AssetModel{"PEPE", "0.0000079", 2.2, 0.05, false},
    AssetModel{"HBAR", "0.055", 1.7, 0.05, false},
    AssetModel{"ALGO", "0.13", 1.6, 0.05, false},
    AssetModel{"VET", "0.022", 1.7, 0.05, false},
    AssetModel{"ICP", "7.9", 1.8, 0.05, false},
    AssetModel{"AAVE", "98", 1.9, 0.05, false},
    AssetModel{"GRT", "0.15", 1.9, 0.05, false},
    AssetModel{"STX", "1.45", 2, 0.05, false},
    AssetModel{"IMX", "1.2", 2, 0.05, false},
    AssetModel{"INJ", "18.4", 2, 0.05, false},
    AssetModel{"OP", "1.42", 2, 0.05, false},
    AssetModel{"TIA", "5.1", 2.2, 0.05, false},
    AssetModel{"SEI", "0.29", 2.2, 0.05, false},
    AssetModel{"RUNE", "3.6", 2, 0.05, false},
    AssetModel{"SAND", "0.26", 1.9, 0.05, false},
    AssetModel{"MANA", "0.27", 1.9, 0.05, false},
    AssetModel{"XTZ", "0.67", 1.6, 0.05, false},
    AssetModel{"EOS", "0.49", 1.6, 0.05, false},
    AssetModel{"CRV", "0.27", 2, 0.05, false},
};

}  // namespace

std::span<const AssetModel> asset_models() { return models; }

const AssetModel* find_asset_model(std::string_view name) {
  const auto* found = std::ranges::find(models, name, &AssetModel::name);
  return found == models.end() ? nullptr : found;
}

}  // namespace ats::sim
