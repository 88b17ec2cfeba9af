// Wine's icacls.exe is a dummy: it does nothing and exits with 0. This one does what awsrole asks of the real one, with Windows' own functions on Wine's
// security descriptors, and nothing else:
//
//	icacls FILE /save OUTPUT                    the name and the access list (SDDL), as UTF-16, as the real one writes them
//	icacls FILE /inheritance:r /grant:r *SID:(OI)(CI)F ...
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf16"
	"unsafe"
)

var (
	advapi32      = syscall.NewLazyDLL("advapi32.dll")
	getInfo       = advapi32.NewProc("GetNamedSecurityInfoW")
	setSecurity   = advapi32.NewProc("SetFileSecurityW")
	toText        = advapi32.NewProc("ConvertSecurityDescriptorToStringSecurityDescriptorW")
	fromText      = advapi32.NewProc("ConvertStringSecurityDescriptorToSecurityDescriptorW")
	fileObject    = uintptr(1)
	dacl          = uintptr(4)
	protectedDacl = uintptr(0x80000000)
	revision      = uintptr(1)
)

func fail(what string, code uintptr) {
	fmt.Fprintf(os.Stderr, "%s: %d\n", what, code)
	os.Exit(1)
}

func wide(text string) uintptr {
	pointer, err := syscall.UTF16PtrFromString(text)
	if err != nil {
		fail(text, 1)
	}
	return uintptr(unsafe.Pointer(pointer))
}

func accessList(file string) string {
	var descriptor uintptr
	if code, _, _ := getInfo.Call(wide(file), fileObject, dacl, 0, 0, 0, 0, uintptr(unsafe.Pointer(&descriptor))); code != 0 {
		fail(file, code)
	}
	var text *uint16
	var length uint32
	if ok, _, _ := toText.Call(descriptor, revision, dacl, uintptr(unsafe.Pointer(&text)), uintptr(unsafe.Pointer(&length))); ok == 0 {
		fail(file, ok)
	}
	return strings.TrimRight(string(utf16.Decode(unsafe.Slice(text, length))), "\x00")
}

// Not by SetNamedSecurityInfo, as the real one: Wine's inherits from the parent folder even where that is to be cut.
func replaceAccessList(file, list string) {
	var descriptor uintptr
	if ok, _, _ := fromText.Call(wide(list), revision, uintptr(unsafe.Pointer(&descriptor)), 0); ok == 0 {
		fail(list, ok)
	}
	if ok, _, err := setSecurity.Call(wide(file), dacl|protectedDacl, descriptor); ok == 0 {
		fail(file+": "+err.Error(), ok)
	}
}

func save(file, output string) {
	text := filepath.Base(file) + "\r\n" + accessList(file) + "\r\n"
	bytes := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(text)) {
		bytes = append(bytes, byte(unit), byte(unit>>8))
	}
	if err := os.WriteFile(output, bytes, 0o600); err != nil {
		fail(output, 1)
	}
}

func main() {
	words := os.Args[1:]
	if len(words) == 3 && words[1] == "/save" {
		save(words[0], words[2])
		return
	}
	if len(words) < 4 || words[1] != "/inheritance:r" || words[2] != "/grant:r" {
		fail("not among what this icacls can do: "+strings.Join(words, " "), 87)
	}
	list := "D:P"
	for _, grant := range words[3:] {
		const rights = ":(OI)(CI)F"
		if !strings.HasPrefix(grant, "*S-1-") || !strings.HasSuffix(grant, rights) {
			fail("not among what this icacls can do: "+grant, 87)
		}
		list += "(A;OICI;FA;;;" + strings.TrimSuffix(grant[1:], rights) + ")"
	}
	replaceAccessList(words[0], list)
}
