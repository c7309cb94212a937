// The controls of the page, on react-aria-components: keyboard, focus and screen readers are its work, the look is ours.
import { type ReactNode, useId } from "react";
import {
  Button as AriaButton,
  Checkbox as AriaCheckbox,
  CheckboxGroup,
  Dialog as AriaDialog,
  FieldError,
  Heading,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Modal,
  ModalOverlay,
  Popover,
  Select as AriaSelect,
  SelectValue,
  Switch as AriaSwitch,
  Text,
  TextArea,
  TextField,
  Tooltip,
  TooltipTrigger,
} from "react-aria-components";
import { useWords } from "../words";

export type Tone = "plain" | "primary" | "danger" | "quiet";

// Busy: it was pressed, and is not pressed again before there is an answer. A button that may not be used says why: to the pointer as a hint, to a reader as its description.
export function Button({
  children,
  tone = "plain",
  why_not,
  onPress,
  type = "button",
  busy = false,
  label,
}: {
  children: ReactNode;
  tone?: Tone;
  why_not?: string | undefined;
  onPress?: () => void;
  type?: "button" | "submit";
  busy?: boolean;
  label?: string;
}) {
  const hint = useId();
  const off = Boolean(why_not);
  const button = (
    <AriaButton
      className={`button ${tone}${off ? " off" : ""}${busy ? " busy" : ""}`}
      type={busy ? "button" : type}
      {...(label ? { "aria-label": label } : {})}
      {...(off ? { "aria-describedby": hint } : {})}
      {...(off || busy ? { "aria-disabled": "true" as const } : {})}
      onPress={() => {
        if (!off && !busy) onPress?.();
      }}
    >
      {children}
    </AriaButton>
  );
  if (!off) return button;
  return (
    <>
      <TooltipTrigger delay={200}>
        {button}
        <Tooltip className="tooltip" offset={6}>
          {why_not}
        </Tooltip>
      </TooltipTrigger>
      <span id={hint} hidden>
        {why_not}
      </span>
    </>
  );
}

export function Field({
  label,
  value,
  onChange,
  type = "text",
  hint,
  error,
  autoFocus = false,
  autoComplete,
  required = false,
  lines,
  inputMode,
  maxLength,
  name,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: string;
  hint?: string;
  error?: string | undefined;
  autoFocus?: boolean;
  autoComplete?: string;
  required?: boolean;
  lines?: number;
  inputMode?: "numeric" | "decimal" | "text";
  maxLength?: number;
  name?: string;
}) {
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      type={type}
      isInvalid={Boolean(error)}
      isRequired={required}
      autoFocus={autoFocus}
      validationBehavior="aria"
      {...(name ? { name } : {})}
      {...(maxLength ? { maxLength } : {})}
      {...(autoComplete ? { autoComplete } : {})}
      {...(inputMode ? { inputMode } : {})}
    >
      <Label>{label}</Label>
      {lines ? <TextArea className="input" rows={lines} /> : <Input className="input" />}
      {hint ? (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      ) : null}
      <FieldError className="error">{error}</FieldError>
    </TextField>
  );
}

export interface Option {
  value: string;
  text: string;
}

export function Choice({
  label,
  value,
  options,
  onChange,
  quiet = false,
}: {
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  quiet?: boolean;
}) {
  return (
    <AriaSelect
      className={`field choice${quiet ? " quiet" : ""}`}
      value={value}
      onChange={(key) => onChange(String(key))}
      {...(quiet ? { "aria-label": label } : {})}
    >
      {quiet ? null : <Label>{label}</Label>}
      <AriaButton className="input select">
        <SelectValue className="select-value" />
        <span aria-hidden="true" className="chevron" />
      </AriaButton>
      <Popover className="popover" offset={2}>
        <ListBox className="listbox" items={options}>
          {(option: Option) => (
            <ListBoxItem id={option.value} textValue={option.text} className="option">
              {option.text}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export function Toggle({
  children,
  on,
  onChange,
  why_not,
}: {
  children: ReactNode;
  on: boolean;
  onChange: (on: boolean) => void;
  why_not?: string | undefined;
}) {
  return (
    <AriaSwitch className="switch" isSelected={on} onChange={onChange} isDisabled={Boolean(why_not)}>
      <span aria-hidden="true" className="track" />
      {children}
    </AriaSwitch>
  );
}

export function Checks({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly Option[];
  value: string[];
  onChange: (value: string[]) => void;
}) {
  return (
    <CheckboxGroup className="field checks" value={value} onChange={onChange}>
      <Label>{label}</Label>
      <div className="check-list">
        {options.map((option) => (
          <AriaCheckbox key={option.value} value={option.value} className="check">
            <span aria-hidden="true" className="box" />
            {option.text}
          </AriaCheckbox>
        ))}
      </div>
    </CheckboxGroup>
  );
}

export function Dialog({
  title,
  children,
  onClose,
  alert = false,
  wide = false,
}: {
  title: string;
  children: ReactNode;
  onClose: () => void;
  alert?: boolean;
  wide?: boolean;
}) {
  const t = useWords();
  return (
    <ModalOverlay
      isOpen
      isDismissable={!alert}
      className="overlay"
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={`modal${wide ? " wide" : ""}`}>
        <AriaDialog className="dialog" role={alert ? "alertdialog" : "dialog"}>
          <header>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <AriaButton className="button quiet close" aria-label={t("close")} onPress={onClose}>
              <span aria-hidden="true">✕</span>
            </AriaButton>
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export const Actions = ({ children }: { children: ReactNode }) => <div className="actions">{children}</div>;
